/** Names that are in use in this process, with a queue for each. */
import type { Clock } from "#kernel/clock";
import { HomeTaken } from "./home-taken.ts";

export type NameQueue = {
  /** Resolves when it is the caller's turn; the caller has to call `pass` afterwards. @throws HomeTaken after `waitMs` */
  take(name: string, waitMs: number): Promise<void>;
  /** Gives the name to the next caller. */
  pass(name: string): void;
};

export const createNameQueue = (clock: Clock): NameQueue => {
  const queues = new Map<string, Array<() => void>>();

  return {
    pass(name) {
      const next = queues.get(name)?.shift();
      if (next === undefined) queues.delete(name);
      else next();
    },
    async take(name, waitMs) {
      const queue = queues.get(name);
      if (queue === undefined) return void queues.set(name, []);
      if (waitMs <= 0) throw new HomeTaken(name, { at: "here" });
      const turn = Promise.withResolvers<void>();
      const timer = clock.after(waitMs, () => {
        queue.splice(queue.indexOf(start), 1);
        turn.reject(new HomeTaken(name, { at: "here" }));
      });
      const start = (): void => {
        timer.cancel();
        turn.resolve();
      };
      queue.push(start);
      return turn.promise;
    },
  };
};
