/** What the sandboxes' disks may still take of the host's, so that they never fill the one that the database lives on. */
import { statfs } from "node:fs/promises";
import type { Log } from "#kernel/log";

/** Left for the database, which saves nothing below 128 MiB, and for what comes in between two looks. */
export const reservedBytes = 512 * 1024 * 1024;

/** How much an ordinary user may still write in a folder; replaced in tests. */
export type FreeBytes = (folder: string) => Promise<number>;

/** Promises of bytes on one file system. */
export interface DiskPromises {
  /** Whether so many bytes are free beside all that is promised; then they are the sandbox's until `release`. */
  give(sandbox: string, bytes: number): Promise<boolean>;
  /** The bytes of a disk that another server process gave: they are promised, whether they are free or not. */
  keep(sandbox: string, bytes: number): void;
  release(sandbox: string): void;
}

const readFreeBytes: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

/** Does no I/O until it is asked. `give` rejects where the folder's file system does not answer. */
export const createDiskPromises = (options: {
  readonly folder: string;
  readonly log: Log;
  readonly freeBytes?: FreeBytes | undefined;
}): DiskPromises => {
  const { folder, log, freeBytes = readFreeBytes } = options;
  const promised = new Map<string, number>();
  let wasShort = false;
  return {
    async give(sandbox, bytes) {
      const free = await freeBytes(folder);
      // What was written of a promise is also gone from what is free, and so counts twice: too careful, never too little.
      const promisedBytes = [...promised.values()].reduce((sum, one) => sum + one, 0);
      const fitting = Math.floor((free - reservedBytes - promisedBytes) / bytes);
      if (fitting >= 1) promised.set(sandbox, bytes);
      // Where the last disk is given and given back with every run, that is said once.
      if (wasShort ? fitting > 1 : fitting < 1) {
        wasShort = !wasShort;
        log.warn(wasShort ? "execution.disk-short" : "execution.disk-has-space", { freeBytes: free, promisedBytes });
      }
      return fitting >= 1;
    },
    keep: (sandbox, bytes) => void promised.set(sandbox, bytes),
    release: (sandbox) => void promised.delete(sandbox),
  };
};
