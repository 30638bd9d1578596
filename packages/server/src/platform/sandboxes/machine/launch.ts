/** Starts an isolation tool as a child, in our cgroups, with our disk and streams, and keeps its last error output. */
import { type ChildProcess, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import type { ScratchDisk } from "../disks/scratch-disk.ts";

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

/** What is started: the tool, from inside these cgroups and with this disk. */
export type LaunchPlan = {
  readonly initPath: string;
  readonly argv: readonly string[];
  /** Each is entered before anything else is done: nothing of the tool ever runs outside. */
  readonly joinFiles: readonly string[];
  readonly disk: ScratchDisk | undefined;
  /** Give the tool its own device nodes in /dev, where the host allows it; needs the root user. */
  readonly ownDevices?: boolean;
};

/** `init launch …`, which becomes the tool (packages/sandbox-init/launch.c). */
export const launchArguments = ({ initPath, argv, joinFiles, disk, ownDevices }: LaunchPlan): string[] => [
  initPath,
  "launch",
  ...joinFiles.flatMap((file) => ["--join", file]),
  ...(disk === undefined ? [] : ["--disk", disk.template, disk.image, disk.mountPoint]),
  ...(ownDevices === true ? ["--devices"] : []),
  "--",
  ...argv,
];

const spawnTool = (file: string, rest: readonly string[], extraPipes: number): ChildProcess => {
  const extra = Array.from({ length: extraPipes }, () => "pipe" as const);
  try {
    // Its own session: a terminal's Ctrl-C stops the server, which then stops sandboxes in order.
    return spawn(file, rest, {
      stdio: ["pipe", "pipe", "pipe", ...extra],
      detached: true,
      env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
      cwd: "/",
    });
  } catch (error) {
    throw new SandboxUnavailable(`${file} cannot be started: ${String(error)}`, { cause: error });
  }
};

/** Rejects with SandboxUnavailable when the child cannot be started at all. */
export const launch = async (plan: LaunchPlan & { readonly extraPipes?: number }): Promise<Launched> => {
  const argv = launchArguments(plan);
  const [file, ...rest] = argv;
  if (file === undefined) throw new RangeError("argv is empty");
  const child = spawnTool(file, rest, plan.extraPipes ?? 0);
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
  const { pid, stdin, stdout } = child;
  if (pid === undefined) {
    // There is no process (no such file, no right, no room for one more), and the reason comes a moment later.
    await exited.promise;
    throw new SandboxUnavailable(`${file} cannot be started: ${failure}`);
  }
  if (stdin === null || stdout === null) throw new Error("the child has no pipes");
  return {
    child,
    pid,
    input: stdin,
    output: stdout,
    extra: child.stdio.slice(3).filter((stream) => stream !== null && stream !== undefined),
    exited: exited.promise,
    complaint: () => `${failure} ${words}`.trim(),
  };
};
