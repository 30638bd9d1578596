/** The blobs port: immutable, already encrypted bytes under an opaque key. */

export interface BlobStore {
  /** Durable when it resolves. Writing a key again with the same bytes does nothing. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** @returns undefined for an absent key */
  get(key: string): Promise<Uint8Array | undefined>;
  has(key: string): Promise<boolean>;
  /** Deleting an absent key does nothing. */
  delete(key: string): Promise<void>;
  /** Keys that begin with the two characters of `prefix`, in no order; keys that are put or deleted meanwhile may be missing. */
  list(prefix: string): AsyncIterable<{ readonly key: string; readonly storedAtMs: number }>;
}

/** Encrypted bytes, and the values with which the owner's key decrypts them. */
export type SealedBlob = {
  /**
   * Keyed hash of the content under the owner's key and a random part, hex: without the key it reveals nothing about the content. With the
   * random part two uploads of the same content, which have different data keys, do not overwrite each other.
   */
  readonly storageKey: string;
  /** The random data key, wrapped under the owner's key. */
  readonly wrappedKey: Uint8Array;
  /** AES-256-GCM: nonce, ciphertext, tag. */
  readonly sealed: Uint8Array;
};

/** Keys and encryption of content (docs/security.md, Data). */
export interface Vault {
  /** @param hash SHA-256 of the bytes, hex */
  seal(ownerId: string, bytes: Uint8Array, hash: string): SealedBlob;
  /** @throws Error when a byte was changed or the key is another owner's */
  open(
    ownerId: string,
    blob: { readonly wrappedKey: Uint8Array; readonly sealed: Uint8Array; readonly storageKey: string },
  ): Uint8Array;
  /** Wraps the same data key for another owner, so that the content need not be copied. */
  rewrap(fromOwnerId: string, toOwnerId: string, wrappedKey: Uint8Array, storageKey: string): Uint8Array;
}
