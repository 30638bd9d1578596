// A run folder and the process that cleans it up, so that all processes of a test, benchmark or crash run end with it, however it ends.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { constants, tmpdir } from "node:os";
import { basename, join } from "node:path";
import process from "node:process";
import { onLostParent } from "./lost-parent.mjs";
import { checkout, projectNode } from "./checkout.mjs";
import { digest } from "./recipe.mjs";

/** Marks a folder that a reaper watches. */
const marker = ".watched";

/** The run folder of this process, or undefined: it is the TMPDIR of all processes of the run. */
export function runFolder() {
  const folder = tmpdir();
  return existsSync(join(folder, marker)) ? folder : undefined;
}

/**
 * Makes a run folder, makes it this process's TMPDIR, and starts its reaper (tests/support/reaper.ts). The reaper reads from a pipe whose
 * other end only this process has: when the pipe closes, by `end` or because this process died, the reaper ends all processes with this
 * TMPDIR and removes their cgroups, mounts and files. Inside a run folder no other one is created, because the outer run cleans up.
 * @returns {{ folder: string, end(): Promise<void> }} `end` resolves when everything is removed
 */
export function watchThisProcess() {
  const outer = runFolder();
  if (outer !== undefined) return { folder: outer, end: async () => undefined };
  const before = process.env["TMPDIR"];
  const folder = mkdtempSync(join(tmpdir(), "atelier-"));
  writeFileSync(join(folder, marker), `${process.pid}\n`);
  // Readable for all, like /tmp, because databases and sandboxes run as other users.
  chmodSync(folder, 0o1777);
  // In its own session, so that a terminal's ^C does not reach it.
  const reaper = spawn(projectNode(), [join(checkout, "tests", "support", "reaper.ts"), folder], {
    detached: true,
    stdio: ["pipe", "inherit", "inherit"],
  });
  const ended = once(reaper, "exit");
  reaper.stdin.on("error", () => undefined);
  reaper.unref();
  reaper.stdin.unref();
  process.env["TMPDIR"] = folder;
  return {
    folder,
    async end() {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      reaper.ref();
      reaper.stdin.end();
      await ended;
    },
  };
}

/** A name by which the reaper finds a resource outside of the run folder: `atelier-run-<run>-<kind>-<pid>`. */
export function nameOfRun(kind) {
  const folder = runFolder();
  return `atelier-run-${folder === undefined ? "none" : basename(folder)}-${kind}-${process.pid}`;
}

/**
 * Registers a resource outside of the run folder with the reaper.
 * @param {"folder" | "cgroups-of"} kind a folder itself, or the empty cgroups of the server with that data folder
 * @param {string} path
 */
export function removeWithRun(kind, path) {
  const folder = runFolder();
  if (folder === undefined) return;
  const link = join(folder, `.${kind}-${digest(path).slice(0, 16)}`);
  if (!existsSync(link)) symlinkSync(path, link);
}

/**
 * Runs `work` in a run folder. A signal ends all processes that it started, and then this process with 128 + the signal's number.
 * @template T
 * @param {() => Promise<T>} work
 * @param {{ onSignal?: () => void }} [options] `onSignal` is called before anything is ended
 * @returns {Promise<T>}
 */
export async function watchedRun(work, { onSignal } = {}) {
  const watch = watchThisProcess();
  let isStopping = false;
  const stopFor = (signal) => {
    // A terminal and npm may each send a signal.
    if (isStopping) return;
    isStopping = true;
    onSignal?.();
    void watch.end().then(() => process.exit(128 + constants.signals[signal]));
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, stopFor);
  const forget = onLostParent(() => stopFor("SIGHUP"));
  try {
    return await work();
  } finally {
    // The failures of what the signal ended are no results: the signal decides this process's exit code.
    if (isStopping) await new Promise(() => undefined);
    await watch.end();
    forget();
    for (const signal of signals) process.off(signal, stopFor);
  }
}
