/** The blobs port: immutable bytes under an opaque key; what is stored is already encrypted. */

export interface BlobStore {
  /** Durable when it resolves. Writing a key again with the same bytes does nothing. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** Absent keys give undefined. */
  get(key: string): Promise<Uint8Array | undefined>;
  has(key: string): Promise<boolean>;
  /** Deleting an absent key does nothing. */
  delete(key: string): Promise<void>;
  /** Keys that begin with the two characters of `prefix`, in no order; what is put or deleted meanwhile may come or not. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly storedAtMs: number }>;
}

/** Encrypted bytes with what is needed to open them, given the owner's key. */
export type SealedBlob = {
  /**
   * Keyed hash of the content under the owner's key and a random part, hex: tells nothing to who lacks the key. The random part
   * keeps two uploads of the same content, which have two data keys, from overwriting each other.
   */
  readonly storageKey: string;
  /** The random data key, wrapped under the owner's key. */
  readonly wrappedKey: Uint8Array;
  /** AES-256-GCM: nonce, ciphertext, tag. */
  readonly sealed: Uint8Array;
};

/** Keys and encryption of content (architecture.md: keys and deduplication). */
export interface Vault {
  /** @param hash SHA-256 of the bytes, hex */
  seal(ownerId: string, bytes: Uint8Array, hash: string): SealedBlob;
  /** @throws Error when a single byte was changed or the key is another owner's. */
  open(
    ownerId: string,
    blob: { readonly wrappedKey: Uint8Array; readonly sealed: Uint8Array; readonly storageKey: string },
  ): Uint8Array;
  /** The same data key wrapped for another owner: 32 bytes, no content copied. */
  rewrap(fromOwnerId: string, toOwnerId: string, wrappedKey: Uint8Array, storageKey: string): Uint8Array;
}
