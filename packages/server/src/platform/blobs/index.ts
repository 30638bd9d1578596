/** Immutable bytes, encrypted for their owner. */
export { createByteGate } from "./byte-gate.ts";
export { FatalStorageError } from "./fatal-storage-error.ts";
export type { BlobStore, Vault } from "./ports.ts";
export { loadSecretKey } from "./secret-key.ts";
export { createVault } from "./vault.ts";
