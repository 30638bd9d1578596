/** A buffer that grows up to a limit; bytes beyond it are dropped. */

export interface ByteBuffer {
  append(chunk: Uint8Array): void;
  /** Releases the memory: later bytes are dropped. */
  forget(): void;
  /** A view: valid until the next append. */
  readonly bytes: Uint8Array;
  /** True once a byte did not fit. */
  readonly truncated: boolean;
}

/** @param maxBytes the limit; memory is allocated when it is needed. */
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
