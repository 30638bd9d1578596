/** What imports need from outside: a place on the disk for an archive while it is read. */

/** A file without a name: it is gone when it is disposed of, and also when the process ends. */
export interface SpoolFile extends AsyncDisposable {
  readonly bytes: number;
  /** @throws Problem server/storage-full */
  append(chunk: Uint8Array): Promise<void>;
  /** Fills `into` from the position. @throws RangeError when the file ends before. */
  read(into: Uint8Array, position: number): Promise<void>;
}

export interface Spool {
  create(): Promise<SpoolFile>;
}
