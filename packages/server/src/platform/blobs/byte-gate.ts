/** Limits the bytes that are read into memory at once: later readers wait in order of arrival. */

export type ByteGate = {
  /** Runs the work when enough of the limit is free; work above the limit runs alone. */
  run<T>(bytes: number, work: () => Promise<T>): Promise<T>;
};

export const createByteGate = (mostBytes: number): ByteGate => {
  const waiting: { readonly bytes: number; readonly enter: () => void }[] = [];
  let used = 0;

  const admit = (): void => {
    for (
      let next = waiting[0];
      next !== undefined && (used === 0 || used + next.bytes <= mostBytes);
      next = waiting[0]
    ) {
      waiting.shift();
      used += next.bytes;
      next.enter();
    }
  };

  return {
    async run(bytes, work) {
      await new Promise<void>((enter) => {
        waiting.push({ bytes, enter });
        admit();
      });
      try {
        return await work();
      } finally {
        used -= bytes;
        admit();
      }
    },
  };
};
