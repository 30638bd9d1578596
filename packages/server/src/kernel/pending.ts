/** Tracks pending work, so that a test can wait until nothing is pending instead of sleeping. */

export interface Pending {
  /** Tracks the promise until it settles, and returns it. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is pending, including work that begins while it waits. Ignores failures, which the callers of `track` handle. */
  idle(): Promise<void>;
}

export const createPending = (): Pending => {
  const working = new Set<Promise<unknown>>();
  return {
    track(work) {
      working.add(work);
      const settled = (): void => void working.delete(work);
      work.then(settled, settled);
      return work;
    },
    async idle() {
      while (working.size > 0) await Promise.allSettled(working);
    },
  };
};
