/** Runs the work of each key in the order of the calls; keys do not wait for each other. */

export type KeyedQueue = { run<T>(key: string, work: () => Promise<T>): Promise<T> };

export const createKeyedQueue = (): KeyedQueue => {
  const tails = new Map<string, Promise<unknown>>();
  return {
    async run(key, work) {
      const before = tails.get(key);
      const mine = (async () => {
        // The caller of the work before gets its error.
        await before?.catch(() => undefined);
        return work();
      })();
      tails.set(key, mine);
      try {
        return await mine;
      } finally {
        if (tails.get(key) === mine) tails.delete(key);
      }
    },
  };
};
