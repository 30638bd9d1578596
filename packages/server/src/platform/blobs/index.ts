/** Immutable bytes, encrypted for their owner. */
export { type ByteGate, createByteGate } from "./byte-gate.ts";
export { FatalStorageError } from "./fatal-storage-error.ts";
export type { BlobStore, SealedBlob, Vault } from "./ports.ts";
export { loadSecretKey } from "./secret-key.ts";
export { createVault } from "./vault.ts";
