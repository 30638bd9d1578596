/** An fsync failed: the process ends, because the kernel may have dropped the data. */
export class FatalStorageError extends Error {
  override readonly name = "FatalStorageError";
}
