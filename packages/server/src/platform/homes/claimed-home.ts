/** What a claimed home is on the node that has it, whatever the adapter. */
import type { Home } from "./ports.ts";

/**
 * Makes a home that is `claimed` by its name until it is released. A loss is the adapter's: it aborts the controller and removes the entry,
 * and then a release does nothing.
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
