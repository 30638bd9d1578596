/** Work under way, counted: whoever wants to show that nothing happens waits until nothing is pending, instead of for a while. */

export interface Pending {
  /** Counts the work until it is settled; the promise itself is returned. */
  track<T>(work: Promise<T>): Promise<T>;
  /** Resolves when nothing is pending, what came meanwhile included. Failures are the trackers' business. */
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
