/** Blobs as files `ab/cd/<key>`: the data is synced before the rename to this name, and the folder before `put` resolves. */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat, type FileHandle } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Problem } from "#kernel/problem";
import { FatalStorageError } from "../fatal-storage-error.ts";
import type { BlobStore } from "../ports.ts";

const KEY = /^[A-Za-z0-9_-]{8,200}$/u;
const PREFIX = /^[A-Za-z0-9_-]{2}$/u;

/** The fsync calls; tests replace them to plant failures. */
export type DiskSync = {
  data(handle: FileHandle): Promise<void>;
  folder(handle: FileHandle): Promise<void>;
};
const kernelSync: DiskSync = { data: (handle) => handle.datasync(), folder: (handle) => handle.sync() };

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

const asFailure = (error: unknown): unknown => {
  const full = ["ENOSPC", "EDQUOT", "EROFS"].includes(codeOf(error) ?? "");
  return full ? new Problem("server/storage-full", undefined, { cause: error }) : error;
};

const orFatal = async (work: Promise<void>, what: string): Promise<void> => {
  try {
    await work;
  } catch (error) {
    throw new FatalStorageError(`fsync of ${what} failed`, { cause: error });
  }
};

const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return [];
    throw error;
  }
};

/** Writing a blob takes seconds. Newer temporary files may belong to a pending write of another server that uses the folder. */
const PARTIAL_MS = 3_600_000;

const removeLeftovers = async (partials: string, nowMs: number): Promise<void> => {
  for (const name of await namesIn(partials)) {
    const path = join(partials, name);
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined && nowMs - found.mtimeMs > PARTIAL_MS) await rm(path, { recursive: true, force: true });
  }
};

/**
 * Opens a store in a folder, and creates a missing one. Temporary files of interrupted writes are removed when they are an hour old.
 * The methods reject with FatalStorageError when fsync fails (main then exits without a retry) and with Problem
 * server/storage-full when the disk is full.
 */
export const openFolderBlobStore = async (folder: string, sync: DiskSync = kernelSync): Promise<BlobStore> => {
  const partials = join(folder, "partial");
  await removeLeftovers(partials, Date.now());
  await mkdir(partials, { recursive: true, mode: 0o700 });
  const synced = new Set<string>();

  const pathOf = (key: string): string => {
    if (!KEY.test(key)) throw new TypeError("Not a blob key.");
    return join(folder, key.slice(0, 2), key.slice(2, 4), key);
  };

  const syncFolder = async (path: string): Promise<void> => {
    const handle = await open(path, "r");
    try {
      await orFatal(sync.folder(handle), "a folder");
    } finally {
      await handle.close();
    }
  };

  const makeFolder = async (path: string): Promise<void> => {
    if (synced.has(path)) return;
    await mkdir(path, { recursive: true, mode: 0o700 });
    await syncFolder(dirname(path));
    await syncFolder(folder);
    synced.add(path);
  };

  const writePartial = async (bytes: Uint8Array): Promise<string> => {
    const partial = join(partials, randomBytes(12).toString("hex"));
    const handle = await open(partial, "wx", 0o600);
    try {
      await handle.writeFile(bytes);
      await orFatal(sync.data(handle), "a blob");
      return partial;
    } catch (error) {
      await rm(partial, { force: true });
      throw error;
    } finally {
      await handle.close();
    }
  };

  const has = async (key: string): Promise<boolean> => {
    try {
      return (await stat(pathOf(key))).isFile();
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  };

  return {
    has,
    async put(key, bytes) {
      const path = pathOf(key);
      try {
        await makeFolder(dirname(path));
        if (!(await has(key))) await rename(await writePartial(bytes), path);
        // Also when the file existed: its writer may have died before it synced the folder.
        await syncFolder(dirname(path));
      } catch (error) {
        throw asFailure(error);
      }
    },
    async get(key) {
      try {
        return await readFile(pathOf(key));
      } catch (error) {
        if (codeOf(error) === "ENOENT") return undefined;
        throw error;
      }
    },
    async delete(key) {
      await rm(pathOf(key), { force: true });
    },
    async *list(prefix) {
      if (!PREFIX.test(prefix)) throw new TypeError("Not the beginning of a blob key.");
      for (const inner of await namesIn(join(folder, prefix))) {
        for (const key of await namesIn(join(folder, prefix, inner))) {
          const found = await stat(join(folder, prefix, inner, key)).catch(() => undefined);
          if (found?.isFile() === true && KEY.test(key)) yield { key, storedAtMs: found.mtimeMs };
        }
      }
    },
  };
};
