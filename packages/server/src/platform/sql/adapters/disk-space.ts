/** Checks the free space of the database's disk, because PostgreSQL stops when the disk is full. */
import { statfs } from "node:fs/promises";
import type { Log } from "#kernel/log";

/** Space for several segments of the write-ahead log (16 MiB each) and for writes between two checks. */
const RESERVED_BYTES = 128 * 1024 * 1024;
const LOOK_EVERY_MS = 2_000;

export type DiskSpace = {
  hasSpace(): boolean;
  start(): Promise<void>;
  stop(): void;
};

/** @param options.freeBytes the space that is free for an ordinary user; replaced by tests */
export const createDiskSpace = (options: {
  readonly folder: string;
  readonly log: Log;
  readonly freeBytes?: (folder: string) => Promise<number>;
}): DiskSpace => {
  const { folder, log } = options;
  const freeBytes =
    options.freeBytes ??
    (async (path: string) => {
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    });
  let isEnough = true;
  let timer: NodeJS.Timeout | undefined;

  const look = async (): Promise<void> => {
    const free = await freeBytes(folder);
    const now = free >= RESERVED_BYTES;
    if (now !== isEnough) log.warn(now ? "postgres.disk-has-space" : "postgres.disk-nearly-full", { freeBytes: free });
    isEnough = now;
  };

  return {
    hasSpace: () => isEnough,
    async start() {
      await look();
      timer = setInterval(() => {
        look().catch((error: unknown) => log.warn("postgres.disk-not-readable", { error }));
      }, LOOK_EVERY_MS).unref();
    },
    stop: () => clearInterval(timer),
  };
};
