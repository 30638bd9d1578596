/** Leases of a single process: a queue for each name; nothing is lost while the process lives. */
import type { Clock } from "#kernel/clock";
import { LeaseTimeout } from "../lease-timeout.ts";
import type { FenceSource, Leases } from "../ports.ts";

export const createInProcessLeases = (needs: { readonly fences: FenceSource; readonly clock: Clock }): Leases => {
  /** Held names and who waits for each, in their order. */
  const queues = new Map<string, Array<() => void>>();

  const pass = (name: string): void => {
    const next = queues.get(name)?.shift();
    if (next === undefined) queues.delete(name);
    else next();
  };

  const take = (name: string, waitMs: number): Promise<void> => {
    const queue = queues.get(name);
    if (queue === undefined) {
      queues.set(name, []);
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const timer = needs.clock.after(waitMs, () => {
        queue.splice(queue.indexOf(turn), 1);
        reject(new LeaseTimeout(`${name} stayed taken for ${waitMs} ms`));
      });
      const turn = (): void => {
        timer.cancel();
        resolve();
      };
      queue.push(turn);
    });
  };

  return {
    async acquire(name, { waitMs }) {
      await take(name, waitMs);
      try {
        const fence = await needs.fences.next();
        const lost = new AbortController();
        return {
          name,
          fence,
          lost: lost.signal,
          async release() {
            if (lost.signal.aborted) return;
            lost.abort();
            pass(name);
          },
        };
      } catch (error) {
        pass(name);
        throw error;
      }
    },
  };
};
