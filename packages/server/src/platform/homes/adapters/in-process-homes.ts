/** Homes of a single process: nothing is lost while the process lives, and no other node exists. */
import type { Clock } from "#kernel/clock";
import { createNameQueue } from "../name-queue.ts";
import type { FenceSource, Homes } from "../ports.ts";

export const createInProcessHomes = (needs: { readonly fences: FenceSource; readonly clock: Clock }): Homes => {
  const queue = createNameQueue(needs.clock);
  const held = new Set<string>();

  return {
    areShared: false,
    async claim(name, { waitMs = 0 } = {}) {
      await queue.take(name, waitMs);
      try {
        const fence = await needs.fences.next();
        const lost = new AbortController();
        held.add(name);
        return {
          name,
          fence,
          lost: lost.signal,
          async release() {
            if (lost.signal.aborted) return;
            held.delete(name);
            lost.abort();
            queue.pass(name);
          },
        };
      } catch (error) {
        queue.pass(name);
        throw error;
      }
    },
    find: async (name) => ({ at: held.has(name) ? "here" : "nobody" }),
  };
};
