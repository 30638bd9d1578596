/** A claimed home on its node, for all adapters. */
import type { Home } from "./ports.ts";

/**
 * Creates a home that is in `claimed` under its name until it is released. When the adapter loses a home it aborts the controller and removes
 * the entry; then a release does nothing.
 * @param whenReleased called once, after `lost` was aborted
 */
export const createClaimedHome = (
  claimed: Map<string, AbortController>,
  { name, fence, whenReleased }: Pick<Home, "name" | "fence"> & { readonly whenReleased: () => Promise<void> },
): Home => {
  const lost = new AbortController();
  claimed.set(name, lost);
  return {
    name,
    fence,
    lost: lost.signal,
    async release() {
      if (lost.signal.aborted) return;
      claimed.delete(name);
      lost.abort();
      await whenReleased();
    },
  };
};
