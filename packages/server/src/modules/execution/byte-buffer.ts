/** Bytes that grow up to a bound; what comes beyond is counted out, not kept. */

export interface ByteBuffer {
  append(chunk: Uint8Array): void;
  /** Gives the memory back: from now on nothing is kept, and nothing fits. */
  forget(): void;
  /** A view: valid until the next append. */
  readonly bytes: Uint8Array;
  /** True once a byte did not fit. */
  readonly truncated: boolean;
}

/** @param maxBytes the bound; memory is taken as it is needed. */
export const createByteBuffer = (maxBytes: number): ByteBuffer => {
  let free = maxBytes;
  let store = new Uint8Array(0);
  let length = 0;
  let truncated = false;
  return {
    append(chunk) {
      const taken = Math.min(chunk.length, free - length);
      if (taken < chunk.length) truncated = true;
      if (taken === 0) return;
      if (length + taken > store.length) {
        const grown = new Uint8Array(Math.min(free, Math.max(256, 2 * store.length, length + taken)));
        grown.set(store.subarray(0, length));
        store = grown;
      }
      store.set(chunk.subarray(0, taken), length);
      length += taken;
    },
    forget() {
      truncated ||= length > 0;
      store = new Uint8Array(0);
      length = 0;
      free = 0;
    },
    get bytes() {
      return store.subarray(0, length);
    },
    get truncated() {
      return truncated;
    },
  };
};
