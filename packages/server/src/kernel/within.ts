/** Bounds a wait. */
import type { Clock } from "./clock.ts";

/** Resolves as `work` does, or to undefined after `ms` or when it fails: for what is not worth a longer wait. */
export const within = <T>(clock: Clock, ms: number, work: Promise<T>): Promise<T | undefined> =>
  new Promise((resolve) => {
    const timer = clock.after(ms, () => resolve(undefined));
    const settle = (result: T | undefined): void => {
      timer.cancel();
      resolve(result);
    };
    work.then(settle, () => settle(undefined));
  });
