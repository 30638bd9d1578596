// Runs the server in the foreground: each signal from the terminal reaches it exactly once, and its exit code is returned.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import process from "node:process";
import { findProgram } from "./command.mjs";

/**
 * A terminal's ^C is sent to every process of the foreground group, and npm forwards a copy. So the server gets a session of its own, which
 * the terminal's signals do not reach; the first signal is forwarded, repeated ones within this time are not.
 */
const copiesWithinMs = 300;

/**
 * Starts `program` and resolves with the exit code to end with once it has ended: its own, or 128 + the number of the
 * signal that ended it. SIGINT, SIGTERM and SIGHUP are forwarded; the program drains in its own time.
 */
export function launch(program, args, { env = process.env, cwd } = {}) {
  return new Promise((resolve, reject) => {
    // If this process is killed, the kernel sends SIGTERM to the server.
    const keeper = findProgram("setpriv");
    const [command, ...rest] = keeper ? [keeper, "--pdeathsig", "TERM", "--", program, ...args] : [program, ...args];
    const child = spawn(command, rest, { cwd, env, detached: true, stdio: ["ignore", "inherit", "inherit"] });
    let forwardedAt = -Infinity;
    const forward = (signal) => {
      const now = performance.now();
      // A closed terminal sends SIGHUP more than once, and the death of npm counts as one: these must not force an immediate end.
      if (now - forwardedAt < (signal === "SIGHUP" ? Infinity : copiesWithinMs)) return;
      forwardedAt = now;
      child.kill(signal === "SIGHUP" ? "SIGTERM" : signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
