/** Measures the demand for a kind of sandbox, and computes how many should be warm. */

const HOUR_MS = 3_600_000;
const RATE_WINDOW_MS = 60_000;
const BURST_WINDOW_MS = 2000;
const BURST_MEMORY_MS = 300_000;

export interface Demand {
  arrived(): void;
  /** A boot took this long. */
  booted(durationMs: number): void;
  /**
   * Sandboxes to keep ready: enough for the arrivals during two boots, and for a burst like the recent ones; at least 1.
   * @param expectedPerHour the usual arrivals in this hour of the week: used when it is higher than the recent rate
   */
  target(expectedPerHour?: number): number;
}

/** @param now a monotonic clock in milliseconds. @param maxBurst limit on the sandboxes kept for a recent burst */
export const createDemand = (now: () => number, maxBurst: number): Demand => {
  let recent = 0;
  let recentAtMs = now();
  let bootMs = 500;
  let burst = 0;
  let burstAtMs = now();
  let arrivals: number[] = [];

  const faded = (value: number, sinceMs: number, windowMs: number): number =>
    value * Math.exp((sinceMs - now()) / windowMs);

  return {
    arrived() {
      recent = faded(recent, recentAtMs, RATE_WINDOW_MS) + 1;
      recentAtMs = now();
      arrivals = [...arrivals.filter((atMs) => atMs > now() - BURST_WINDOW_MS), now()];
      const fadedBurst = faded(burst, burstAtMs, BURST_MEMORY_MS);
      if (arrivals.length >= fadedBurst) {
        burst = arrivals.length;
        burstAtMs = now();
      }
    },
    booted(durationMs) {
      bootMs += (durationMs - bootMs) * 0.2;
    },
    target(expectedPerHour = 0) {
      const perMs = Math.max(faded(recent, recentAtMs, RATE_WINDOW_MS) / RATE_WINDOW_MS, expectedPerHour / HOUR_MS);
      const steady = perMs * bootMs * 2;
      return Math.max(
        1,
        Math.ceil(steady + Math.sqrt(steady) - 0.5),
        Math.min(maxBurst, Math.round(faded(burst, burstAtMs, BURST_MEMORY_MS))),
      );
    },
  };
};
