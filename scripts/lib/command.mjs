// Runs programs for the setup: output is followed line by line and shown in full only when the program fails.
import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";
import { fullDiskLine, SetupFault } from "./fault.mjs";

const keptLines = 60;
const folders = [...new Set([...(process.env["PATH"] ?? "").split(delimiter), "/usr/sbin", "/sbin"])].filter(Boolean);

/** Absolute path of a program, as `command -v` would say, or undefined. */
export function findProgram(name) {
  for (const folder of folders) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Running programs, and the first signal that ends each.
 * @type {Map<import("node:child_process").ChildProcess, NodeJS.Signals>} */
const children = new Map();
let isStopping = false;
let leadsGroup = false;

export function areCommandsStopping() {
  return isStopping;
}

/** After this call a terminal's ^C does not reach the programs that `run` starts: the caller must call `stopCommands` at every signal. */
export function takeOverSignals() {
  leadsGroup = true;
}

/** Time for a program to end after SIGTERM. */
const endsWithinMs = 3000;

/** The program with all processes that it started, when it leads its own process group. */
function signalGroup({ pid }, signal) {
  try {
    process.kill(leadsGroup ? -pid : pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}

/** Ends the programs that `run` started; no further ones are started. */
export function stopCommands() {
  isStopping = true;
  for (const [child, signal] of children) {
    signalGroup(child, signal);
    const late = setTimeout(() => signalGroup(child, "SIGKILL"), endsWithinMs);
    child.once("close", () => clearTimeout(late));
  }
}

/**
 * Runs a program to its end and returns its standard output. Rejects with a SetupFault when it cannot be started or its exit code is not 0.
 * The fault has the last lines of the output, or only the line that says that a disk is full.
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, tell?: (line: string) => void, what?: string, stdin?: "ignore" | "inherit", isWhole?:
 * boolean, endsBy?: NodeJS.Signals }} [options] `isWhole`: `stopCommands` lets it end by itself; `endsBy`: the signal that it sends first
 * @returns {Promise<string>}
 */
export function run(
  program,
  args,
  { cwd, env, tell, what = program, stdin, isWhole = false, endsBy = "SIGTERM" } = {},
) {
  return new Promise((resolve, reject) => {
    if (isStopping) return reject(new SetupFault(`${what} was not started`));
    const detached = leadsGroup;
    const child = spawn(program, args, { cwd, env, detached, stdio: [stdin ?? "ignore", "pipe", "pipe"] });
    const lines = [];
    const take = (chunk, rest) => {
      const parts = (rest + chunk).split(/[\r\n]+/);
      const unfinished = parts.pop() ?? "";
      for (const line of parts) {
        if (line.trim() === "") continue;
        lines.push(line);
        if (lines.length > keptLines) lines.shift();
        tell?.(line);
      }
      return unfinished;
    };
    let output = "";
    const rest = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) {
      child[name].setEncoding("utf8").on("data", (chunk) => {
        if (name === "stdout") output += chunk;
        rest[name] = take(chunk, rest[name]);
      });
    }
    if (!isWhole && child.pid !== undefined) children.set(child, endsBy);
    child.on("error", (error) => reject(new SetupFault(`${what} could not be started: ${error.message}`)));
    child.on("close", (code, endedBy) => {
      children.delete(child);
      if (code === 0) return resolve(output);
      const detail = [...lines, rest.stdout, rest.stderr].filter((line) => line.trim() !== "").join("\n");
      const said = fullDiskLine(detail);
      if (said !== undefined) return reject(new SetupFault(`${what} failed: the disk is full`, { detail: said }));
      reject(new SetupFault(`${what} failed (${endedBy ?? `exit ${code}`})`, { detail }));
    });
  });
}

/** Whether a program ends with 0; its output is dropped. */
export async function succeeds(program, args, options = {}) {
  try {
    await run(program, args, options);
    return true;
  } catch (error) {
    if (error instanceof SetupFault) return false;
    throw error;
  }
}
