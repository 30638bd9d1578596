/** The clock as an injected dependency, so that tests advance it instead of sleeping. */

export type Timer = { cancel(): void };

export interface Clock {
  /** Unix time in milliseconds. */
  now(): number;
  /** Milliseconds of a monotonic clock. */
  monotonic(): number;
  after(delayMs: number, work: () => void): Timer;
}

/** The machine's own clock. Its timers do not keep the process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(delayMs, work) {
    const handle = setTimeout(work, delayMs);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** A clock that only `advance` moves; for tests. */
export type ManualClock = Clock & { advance(byMs: number): void };

/** @param startMs its first Unix time */
export const createManualClock = (startMs = 1_700_000_000_000): ManualClock => {
  let nowMs = startMs;
  const waiting = new Set<{ atMs: number; work: () => void }>();
  return {
    now: () => nowMs,
    monotonic: () => nowMs - startMs,
    after(delayMs, work) {
      const entry = { atMs: nowMs + delayMs, work };
      waiting.add(entry);
      return { cancel: () => void waiting.delete(entry) };
    },
    advance(byMs) {
      const endMs = nowMs + byMs;
      for (;;) {
        const due = [...waiting].filter((entry) => entry.atMs <= endMs).toSorted((a, b) => a.atMs - b.atMs)[0];
        if (due === undefined) break;
        waiting.delete(due);
        nowMs = Math.max(nowMs, due.atMs);
        due.work();
      }
      nowMs = endMs;
    },
  };
};
