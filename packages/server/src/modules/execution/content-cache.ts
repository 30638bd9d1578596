/** A cache of contents by their hash; above the limit the least recently used ones are evicted. */

export interface ContentCache {
  get(hash: string): Uint8Array | undefined;
  /** Contents larger than a quarter of the limit are not cached. */
  put(hash: string, bytes: Uint8Array): void;
  /** Of all contents together. */
  readonly bytes: number;
}

export const createContentCache = (maxBytes: number): ContentCache => {
  // In the order of their last use.
  const contents = new Map<string, Uint8Array>();
  let total = 0;
  return {
    get(hash) {
      const found = contents.get(hash);
      if (found === undefined) return undefined;
      contents.delete(hash);
      contents.set(hash, found);
      return found;
    },
    put(hash, bytes) {
      if (contents.has(hash) || bytes.byteLength > maxBytes / 4) return;
      contents.set(hash, bytes);
      total += bytes.byteLength;
      for (const [oldest, { byteLength }] of contents) {
        if (total <= maxBytes) return;
        contents.delete(oldest);
        total -= byteLength;
      }
    },
    get bytes() {
      return total;
    },
  };
};
