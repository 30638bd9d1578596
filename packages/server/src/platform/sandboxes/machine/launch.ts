/** Starts an isolation tool as a child process in the sandbox's cgroups, with its disk and streams, and keeps its last error output. */
import { type ChildProcess, spawn, type StdioOptions } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import type { HostProcess } from "./host-processes.ts";
import type { ScratchDisk } from "../disks/scratch-disk.ts";

/** A started tool. */
export type Launched = {
  readonly pid: number;
  readonly input: Writable;
  readonly output: Readable;
  /** Further descriptors, from 3 on. */
  readonly extra: readonly (Readable | Writable)[];
  readonly exited: Promise<void>;
  readonly complaint: () => string;
  /** Called with the number of output bytes that have been processed. */
  readonly acknowledge: (bytes: number) => void;
  /** The process that owns the pipes, where it is not this one. */
  readonly shim?: HostProcess;
  /** Kills the processes of the tool, in addition to the sandbox's own ones. */
  readonly stop: () => void;
  /** Leaves the sandbox to another server process. Throws where it cannot outlive this one. */
  readonly detach: () => void;
};

const complaintBytes = 2048;

/** The tool to start, with its cgroups and disk. */
export type LaunchPlan = {
  readonly initPath: string;
  readonly argv: readonly string[];
  /** Joined first, so that no code of the tool runs outside the cgroups. */
  readonly joinFiles: readonly string[];
  readonly disk: ScratchDisk | undefined;
  /** Give the tool its own device nodes in /dev, where the host allows it; needs the root user. */
  readonly ownDevices?: boolean;
  /** Pipes for the tool's descriptors from 3 on. */
  readonly extraPipes?: number;
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

const spawnChild = (argv: readonly string[], stdio: StdioOptions): ChildProcess => {
  const [file, ...rest] = argv;
  if (file === undefined) throw new RangeError("argv is empty");
  try {
    // Its own session: a terminal's Ctrl-C stops the server, which then stops sandboxes in order.
    return spawn(file, rest, { stdio, detached: true, env: { PATH: "/usr/sbin:/usr/bin:/sbin:/bin" }, cwd: "/" });
  } catch (error) {
    throw new SandboxUnavailable(`${file} cannot be started: ${String(error)}`, { cause: error });
  }
};

/** A process that was started, with what it last wrote to its error stream. */
type SpawnedTool = Pick<Launched, "extra" | "exited" | "complaint"> & {
  readonly child: ChildProcess;
  /** Rejects with SandboxUnavailable when there is no process. */
  readonly started: Promise<{ readonly pid: number }>;
};

/** @param options.ownStreams whether its standard input and output are pipes to this process */
export const spawnTool = (
  argv: readonly string[],
  options: { readonly extraPipes: number; readonly ownStreams: boolean },
): SpawnedTool => {
  const own = options.ownStreams ? ("pipe" as const) : ("ignore" as const);
  const extra = Array.from({ length: options.extraPipes }, () => "pipe" as const);
  const child = spawnChild(argv, [own, own, "pipe", ...extra]);
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
  const started = async (): Promise<{ readonly pid: number }> => {
    if (child.pid !== undefined) return { pid: child.pid };
    // There is no process (missing file, missing right, limit of processes), and the reason is reported asynchronously.
    await exited.promise;
    throw new SandboxUnavailable(`${argv[0]} cannot be started: ${failure}`);
  };
  return {
    child,
    started: started(),
    extra: child.stdio.slice(3).filter((stream) => stream !== null && stream !== undefined),
    exited: exited.promise,
    complaint: () => `${failure} ${words}`.trim(),
  };
};

/** Rejects with SandboxUnavailable when the child cannot be started at all. */
export const launch = async (plan: LaunchPlan): Promise<Launched> => {
  const { child, started, ...rest } = spawnTool(launchArguments(plan), {
    extraPipes: plan.extraPipes ?? 0,
    ownStreams: true,
  });
  const { pid } = await started;
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("the child has no pipes");
  return {
    ...rest,
    pid,
    input: stdin,
    output: stdout,
    acknowledge: () => undefined,
    stop: () => undefined,
    detach() {
      throw new Error("this sandbox ends with the server process");
    },
  };
};
