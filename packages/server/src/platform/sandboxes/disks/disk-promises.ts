/** Reserves space of the host's disk for the sandboxes' disks, so that they never fill the disk of the database. */
import { statfs } from "node:fs/promises";
import type { Log } from "#kernel/log";

/** Reserved for the database, which refuses writes below 128 MiB, and for writes between two checks. */
export const reservedBytes = 512 * 1024 * 1024;

/** The space that is free for an ordinary user in a folder; replaced in tests. */
export type FreeBytes = (folder: string) => Promise<number>;

/** Reservations of bytes on one file system. */
export interface DiskPromises {
  /** Reserves the bytes until `release`. @returns false when they are not free beside all other reservations */
  give(sandbox: string, bytes: number): Promise<boolean>;
  /** Records the reservation of another server process, whether the bytes are free or not. */
  keep(sandbox: string, bytes: number): void;
  release(sandbox: string): void;
}

const readFreeBytes: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

/** Does no I/O before the first call. `give` rejects when the file system can't be read. */
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
      // Bytes that a sandbox has written are no longer free and are still reserved: they count twice, which is safe.
      const promisedBytes = [...promised.values()].reduce((sum, one) => sum + one, 0);
      const fitting = Math.floor((free - reservedBytes - promisedBytes) / bytes);
      if (fitting >= 1) promised.set(sandbox, bytes);
      // Logged once, also when the last disk is reserved and released with every run.
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
