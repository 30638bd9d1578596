/** Starts an isolation tool as a child whose cgroup membership, streams and last words are ours. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** A started tool. */
export type Launched = {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly input: Writable;
  readonly output: Readable;
  /** Further descriptors, from 3 on. */
  readonly extra: readonly (Readable | Writable)[];
  readonly exited: Promise<void>;
  readonly complaint: () => string;
};

const complaintBytes = 2048;

// Enters each cgroup, then becomes the tool: nothing of it ever runs outside.
const joinScript = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit 71; shift; done; shift; exec "$@"';

/** Throws when the child cannot be started at all. */
export const launch = (options: {
  readonly argv: readonly string[];
  readonly joinFiles: readonly string[];
  readonly extraPipes?: number;
}): Launched => {
  const argv =
    options.joinFiles.length === 0
      ? [...options.argv]
      : ["/bin/sh", "-c", joinScript, "join", ...options.joinFiles, "--", ...options.argv];
  const [file, ...rest] = argv;
  if (file === undefined) throw new RangeError("argv is empty");
  const extra = Array.from({ length: options.extraPipes ?? 0 }, () => "pipe" as const);
  // Its own session: a terminal's Ctrl-C stops the server, which then stops sandboxes in order.
  const child = spawn(file, rest, {
    stdio: ["pipe", "pipe", "pipe", ...extra],
    detached: true,
    env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
    cwd: "/",
  });
  let words = "";
  let failure = "";
  const exited = Promise.withResolvers<void>();
  child.once("exit", () => exited.resolve());
  child.once("error", (error) => {
    failure = error.message;
    exited.resolve();
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-complaintBytes);
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the child has no pipes");
  return {
    child,
    pid: child.pid ?? 0,
    input: stdin,
    output: stdout,
    extra: child.stdio.slice(3).filter((stream) => stream !== null && stream !== undefined),
    exited: exited.promise,
    complaint: () => `${failure} ${words}`.trim(),
  };
};
