/** The output of the shown run: bounded, and replayed to a terminal that is loaded later. */

const MOST_BYTES = 4 * 1024 * 1024;

export interface OutputBuffer {
  append(bytes: Uint8Array): void;
  clear(): void;
  /** The stored output, or at least its last bytes, as text; invalid UTF-8 is replaced. */
  text(options?: { readonly lastBytes: number }): string;
  /** Calls the listener with the stored output, then with every later chunk; null: cleared. */
  subscribe(listener: (bytes: Uint8Array | null) => void): () => void;
  readonly sizeBytes: number;
}

export const createOutputBuffer = (): OutputBuffer => {
  let chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  const listeners = new Set<(bytes: Uint8Array | null) => void>();

  return {
    get sizeBytes() {
      return sizeBytes;
    },
    append(bytes) {
      chunks.push(bytes);
      sizeBytes += bytes.length;
      while (sizeBytes > MOST_BYTES && chunks.length > 1) sizeBytes -= chunks.shift()?.length ?? 0;
      for (const listener of listeners) listener(bytes);
    },
    clear() {
      chunks = [];
      sizeBytes = 0;
      for (const listener of listeners) listener(null);
    },
    text({ lastBytes } = { lastBytes: MOST_BYTES }) {
      const decoder = new TextDecoder();
      let first = chunks.length;
      for (let bytes = 0; first > 0 && bytes < lastBytes; first -= 1) bytes += chunks[first - 1]?.length ?? 0;
      const read = first === 0 ? chunks : chunks.slice(first);
      return read.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
    },
    subscribe(listener) {
      for (const chunk of chunks) listener(chunk);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
};
