/** A bucket that fills again with time: what one connection may send. */
import type { Clock } from "#kernel/clock";

export type Allowance = { readonly burst: number; readonly perSecond: number };

/** @returns takes `amount` out; false when there is not enough. */
export const createBucket = (clock: Clock, allowance: Allowance): ((amount: number) => boolean) => {
  let left = allowance.burst;
  let atMs = clock.monotonic();
  return (amount) => {
    const nowMs = clock.monotonic();
    left = Math.min(allowance.burst, left + ((nowMs - atMs) / 1_000) * allowance.perSecond);
    atMs = nowMs;
    if (amount > left) return false;
    left -= amount;
    return true;
  };
};
