/** Opens DATA_DIR: creates it, checks that it is writable, and locks it for one server. */
import type { Component } from "#kernel/lifecycle";
import { randomBytes } from "node:crypto";
import { link, mkdir, readFile, rm, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** A start that is impossible; the message is one line for the operator. */
export class StartFault extends Error {
  override readonly name = "StartFault";
}

/**
 * The start time of a process, in clock ticks since boot; with its id this identifies the process. Undefined when the process has ended or
 * is a zombie.
 */
const beginningOf = async (pid: number): Promise<string | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is a name in parentheses that may contain spaces; the third is the state, the 22nd the start time.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ") ?? [];
  return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
};

const isHeld = async (lock: string): Promise<boolean> => {
  const [pid, beginning] = lock.trim().split(" ");
  const found = await beginningOf(Number(pid));
  return found !== undefined && found === beginning;
};

/** @throws StartFault when the folder can't be created or written, or another server uses it. */
export const openDataFolder = (folder: string): Component => {
  const file = join(folder, "server.lock");
  let held = false;
  const take = async (): Promise<void> => {
    const own = `${file}.${randomBytes(6).toString("hex")}`;
    await writeFile(own, `${process.pid} ${(await beginningOf(process.pid)) ?? ""}\n`, { mode: 0o600 });
    try {
      for (let attempt = 0; attempt < 5; attempt += 1) {
        try {
          // `link` is atomic and never replaces a file.
          await link(own, file);
          held = true;
          return;
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
        }
        const lock = await readFile(file, "utf8").catch(() => undefined);
        if (lock !== undefined && (await isHeld(lock))) {
          throw new StartFault(`Another server (process ${lock.split(" ")[0]}) is using the data folder ${folder}.`);
        }
        await rm(file, { force: true });
      }
      throw new StartFault(`The lock file ${file} could not be taken.`);
    } finally {
      await unlink(own);
    }
  };
  return {
    name: "data folder",
    async start() {
      try {
        // Other users (the database's account) can enter their own subfolders, but can't list this folder.
        await mkdir(folder, { recursive: true, mode: 0o711 });
        await take();
      } catch (error) {
        if (error instanceof StartFault) throw error;
        const { code = "unknown error" } = error as NodeJS.ErrnoException;
        if (code === "ENOSPC" || code === "EDQUOT")
          throw new StartFault(`The disk is full: there is no space left in ${folder}.`);
        throw new StartFault(
          `The data folder ${folder} can't be created or written (${code}): set DATA_DIR to a writable one.`,
        );
      }
    },
    async [Symbol.asyncDispose]() {
      if (held) await rm(file, { force: true });
    },
  };
};
