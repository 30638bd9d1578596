/** Homes of a single process: no home is lost while the process lives, and there is no other node. */
import type { Clock } from "#kernel/clock";
import { createClaimedHome } from "../claimed-home.ts";
import { createNameQueue } from "../name-queue.ts";
import type { FenceSource, Homes } from "../ports.ts";

export const createInProcessHomes = (needs: { readonly fences: FenceSource; readonly clock: Clock }): Homes => {
  const queue = createNameQueue(needs.clock);
  const claimed = new Map<string, AbortController>();

  return {
    areShared: false,
    async claim(name, { waitMs = 0 } = {}) {
      await queue.take(name, waitMs);
      try {
        const fence = await needs.fences.next();
        return createClaimedHome(claimed, { name, fence, whenReleased: async () => queue.pass(name) });
      } catch (error) {
        queue.pass(name);
        throw error;
      }
    },
    find: async (name) => ({ at: claimed.has(name) ? "here" : "nobody" }),
    nodes: async () => [],
  };
};
