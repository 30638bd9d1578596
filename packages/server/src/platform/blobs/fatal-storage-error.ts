/** The disk did not take what it was told to keep: the process ends, because after a failed fsync the kernel may have dropped the data. */
export class FatalStorageError extends Error {
  override readonly name = "FatalStorageError";
}
