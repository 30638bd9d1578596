// One setup at a time: a kernel lock that ends with its holder, however that ends.
import { spawn } from "node:child_process";
import { accessSync, constants, mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { cacheHint, SetupFault } from "./fault.mjs";

/**
 * Runs `work` while holding an exclusive lock on `path`. Waiting is announced through `tell`. The lock is held by a
 * `flock` child whose standard input is ours, so it goes away even if this process is killed.
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
    throw new SetupFault(`${dirname(path)} cannot be made or written (${error.code})`, {
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
