/**
 * Stores and reads content: encrypted for its owner; small bodies beside their metadata, large ones as blobs before their metadata.
 */
import { createHash } from "node:crypto";
import type { BlobStore, Vault } from "#platform/blobs";

/** Bodies up to this are committed with their metadata and moved to the blob store later. */
export const STAGED_BYTES = 100 * 1024;

export const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

export type PreparedContent = {
  readonly hash: string;
  readonly size: number;
  readonly storageKey: string;
  readonly wrappedKey: Buffer;
  /** null: the body is in the blob store. */
  readonly sealed: Buffer | null;
};

/** The location of content in the tables; null columns: the reference is missing. */
export type ContentRow = {
  readonly owner_id: string;
  readonly storage_key: string | null;
  readonly wrapped_key: Buffer | null;
  readonly sealed: Buffer | null;
};

export type ContentStore = {
  /** When it resolves, the content is durable in the blob store or is in `sealed`. */
  prepare(ownerId: string, bytes: Uint8Array): Promise<PreparedContent>;
  /** The database kept another copy: the uploaded one is removed. */
  discard(content: PreparedContent): Promise<void>;
  /** @throws Error when the bytes are missing or were changed */
  open(row: ContentRow): Promise<Uint8Array>;
};

export const createContentStore = (needs: { readonly vault: Vault; readonly blobs: BlobStore }): ContentStore => ({
  async prepare(ownerId, bytes) {
    const hash = hashOf(bytes);
    const { storageKey, wrappedKey, sealed } = needs.vault.seal(ownerId, bytes, hash);
    const staged = bytes.byteLength <= STAGED_BYTES;
    if (!staged) await needs.blobs.put(storageKey, sealed);
    return {
      hash,
      size: bytes.byteLength,
      storageKey,
      wrappedKey: Buffer.from(wrappedKey),
      sealed: staged ? Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength) : null,
    };
  },
  async discard(content) {
    if (content.sealed === null) await needs.blobs.delete(content.storageKey);
  },
  async open(row) {
    if (row.storage_key === null || row.wrapped_key === null) throw new Error("A version has no blob reference.");
    const sealed = row.sealed ?? (await needs.blobs.get(row.storage_key));
    if (sealed === undefined) throw new Error(`The blob ${row.storage_key} is missing.`);
    return needs.vault.open(row.owner_id, { storageKey: row.storage_key, wrappedKey: row.wrapped_key, sealed });
  },
});
