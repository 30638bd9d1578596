// A lock for one setup at a time: a lock of the kernel, which is released when its process ends.
import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { cacheHint, SetupFault } from "./fault.mjs";

/**
 * Runs `work` with an exclusive lock on `path`. Waiting is reported through `tell`. A `flock` child process has the lock; its standard input
 * is a pipe of this process, so that the lock is released even if this process is killed.
 * @template T
 * @param {string} path
 * @param {{ tell: (line: string) => void }} progress
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function locked(path, { tell }, work) {
  try {
    mkdirSync(dirname(path), { recursive: true });
    accessSync(dirname(path), constants.W_OK);
  } catch (error) {
    throw new SetupFault(`${dirname(path)} cannot be created or written (${error.code})`, {
      hint: cacheHint,
    });
  }
  const holder = spawn("flock", ["--exclusive", path, "sh", "-c", "echo held; cat >/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const waiting = setTimeout(() => tell("waiting for another setup to finish"), 300);
  try {
    await new Promise((resolve, reject) => {
      holder.once("error", (error) => reject(new SetupFault(`flock (util-linux) is needed: ${error.message}`)));
      holder.once("exit", () => reject(new SetupFault(`the lock ${path} cannot be taken`)));
      holder.stdout.once("data", resolve);
    });
    clearTimeout(waiting);
    return await work();
  } finally {
    clearTimeout(waiting);
    holder.removeAllListeners("exit");
    holder.stdin.end();
  }
}
