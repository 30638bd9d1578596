/** Spool files in a folder: opened and unlinked at once, so that the operating system removes what a killed server leaves. */
import { randomBytes } from "node:crypto";
import { mkdir, open, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Problem } from "#kernel/problem";
import type { Spool } from "../ports.ts";

const FULL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EROFS"]);

const orFull = async <T>(work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    const isFull = FULL.has((error as NodeJS.ErrnoException).code ?? "");
    throw isFull ? new Problem("server/storage-full", undefined, { cause: error }) : error;
  }
};

/** @param folder of this server alone; made when missing, and emptied of what a kill left between opening and unlinking */
export const openFolderSpool = async (folder: string): Promise<Spool> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true });
  return {
    async create() {
      const path = join(folder, randomBytes(12).toString("hex"));
      const handle = await orFull(open(path, "wx+", 0o600));
      await rm(path);
      let bytes = 0;
      return {
        get bytes() {
          return bytes;
        },
        async append(chunk) {
          for (let done = 0; done < chunk.byteLength;) {
            const left = chunk.byteLength - done;
            const { bytesWritten } = await orFull(handle.write(chunk, done, left, bytes + done));
            done += bytesWritten;
          }
          bytes += chunk.byteLength;
        },
        async read(into, position) {
          for (let done = 0; done < into.byteLength;) {
            const { bytesRead } = await handle.read(into, done, into.byteLength - done, position + done);
            if (bytesRead === 0) throw new RangeError("The file ends before.");
            done += bytesRead;
          }
        },
        [Symbol.asyncDispose]: () => handle.close(),
      };
    },
  };
};
