/** The server's end of a shim (packages/sandbox-init/shim.c), which owns the pipes of a sandbox that may outlive its server process. */
import { closeSync, openSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { Readable } from "node:stream";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { encodeFrame } from "./frames.ts";
import { type HostProcess, isAlive, killProcesses, readProcess, waitUntil } from "./host-processes.ts";
import { launch, launchArguments, type LaunchPlan, type Launched, spawnTool } from "./launch.ts";
import type { SandboxResources } from "./host-resources.ts";

const messages = { acknowledge: 0xe1, end: 0xe2, data: 0xf1, ended: 0xf2 } as const;
const headerBytes = 5;
/** Time for the shim to create its socket. */
const connectTimeoutMs = 5000;
/** Time for a killed shim to end. */
const exitTimeoutMs = 10_000;

/** The path of a socket has at most 107 bytes: it is reached through a descriptor of its folder. */
const connectIn = async (folder: string): Promise<Socket> => {
  const descriptor = openSync(folder, "r");
  try {
    return await new Promise<Socket>((resolve, reject) => {
      const socket = connect(`/proc/self/fd/${descriptor}/shim.sock`);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(socket);
      });
    });
  } finally {
    closeSync(descriptor);
  }
};

/** Waits for the socket of a shim that has just been started. */
const connectSoon = async (folder: string, shim: HostProcess, words: () => string): Promise<Socket> => {
  let found: Socket | undefined;
  const deadline = performance.now() + connectTimeoutMs;
  while (found === undefined) {
    try {
      found = await connectIn(folder);
    } catch (error) {
      if (performance.now() > deadline || !isAlive(shim)) {
        killProcesses([shim.pid]);
        throw new SandboxUnavailable(`the sandbox's shim does not respond. ${words()}`.trim(), { cause: error });
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
  return found;
};

type Streams = {
  readonly output: Readable;
  readonly acknowledge: (bytes: number) => void;
  readonly complaint: () => string;
};

/** Extracts the sandbox's output from the shim's messages. At most 256 KiB are queued here: the shim sends no more without acknowledgement. */
const streamsOf = (socket: Socket): Streams => {
  let complaint = "";
  let kept: Buffer = Buffer.alloc(0);
  const output = new Readable({ read: () => undefined });
  const end = (): void => {
    if (!output.readableEnded) output.push(null);
  };
  let hasEnded = false;
  socket.on("data", (chunk: Buffer) => {
    kept = kept.byteLength === 0 ? chunk : Buffer.concat([kept, chunk]);
    while (kept.byteLength >= headerBytes) {
      const length = headerBytes + kept.readUInt32LE(1);
      if (kept.byteLength < length) break;
      const payload = kept.subarray(headerBytes, length);
      if (kept[0] === messages.data) output.push(payload);
      else if (kept[0] === messages.ended) {
        hasEnded = true;
        complaint = payload.toString("utf8");
        end();
      }
      kept = kept.subarray(length);
    }
  });
  // The close event follows, and is handled.
  socket.on("error", () => undefined);
  socket.on("close", () => {
    if (!hasEnded) end();
  });
  return {
    output,
    acknowledge(bytes) {
      const count = Buffer.alloc(4);
      count.writeUInt32LE(bytes);
      if (!socket.destroyed) socket.write(encodeFrame(messages.acknowledge, count));
    },
    complaint: () => complaint,
  };
};

const launchedOver = (
  socket: Socket,
  shim: HostProcess,
  parts: Pick<Launched, "extra" | "complaint"> & {
    readonly exited: () => Promise<unknown>;
    readonly letGo: () => void;
  },
): Launched => {
  const { output, acknowledge, complaint } = streamsOf(socket);
  return {
    pid: shim.pid,
    input: socket,
    output,
    extra: parts.extra,
    get exited() {
      return parts.exited().then(() => undefined);
    },
    complaint: () => `${complaint()} ${parts.complaint()}`.trim(),
    acknowledge,
    shim,
    // The tool ends with its shim.
    stop: () => killProcesses(isAlive(shim) ? [shim.pid] : []),
    detach() {
      socket.destroy();
      parts.letGo();
    },
  };
};

/** Starts a tool in a shim, and attaches to it. Rejects with SandboxUnavailable, with nothing left running. */
const launchInShim = async (
  plan: LaunchPlan,
  options: {
    readonly graceMs: number;
    readonly unattendedCpuMs: number;
    /** The sandbox's own folder: the shim's socket is in it. */
    readonly folder: string;
    /** The file with the CPU time of the sandbox. */
    readonly cpuFile: string;
  },
): Promise<Launched> => {
  const child = spawnTool(
    [
      [plan.initPath, "shim", "--folder", options.folder, "--grace", String(options.graceMs)],
      ["--cpu-file", options.cpuFile, "--cpu", String(options.unattendedCpuMs), "--", ...launchArguments(plan)],
    ].flat(),
    { extraPipes: plan.extraPipes ?? 0, ownStreams: false },
  );
  const shim = readProcess((await child.started).pid);
  if (shim === undefined) throw new SandboxUnavailable(`the sandbox's shim has ended. ${child.complaint()}`.trim());
  const socket = await connectSoon(options.folder, shim, child.complaint);
  return launchedOver(socket, shim, {
    ...child,
    exited: () => child.exited,
    letGo() {
      child.child.stderr?.destroy();
      child.child.unref();
    },
  });
};

/** Starts a sandbox's tool: in a shim where the sandbox may outlive this process. Rejects as `launch`. */
export const launchTool = async (resources: SandboxResources, plan: LaunchPlan): Promise<Launched> => {
  const { lifetime } = resources.blueprint;
  if (lifetime === "run") return launch(plan);
  if (resources.cgroup === undefined) {
    throw new SandboxUnavailable(
      "a sandbox that outlives its server process needs cgroups, and none are delegated here",
    );
  }
  return launchInShim(plan, { ...lifetime, folder: resources.folder, cpuFile: resources.cgroup.cpuFile });
};

/** Attaches to the shim of another server process. Rejects with SandboxUnavailable when it has ended. */
export const attachToShim = async (folder: string, shim: HostProcess): Promise<Launched> => {
  if (!isAlive(shim)) throw new SandboxUnavailable("the sandbox has ended");
  let socket: Socket;
  try {
    socket = await connectIn(folder);
  } catch (error) {
    throw new SandboxUnavailable("the sandbox has ended", { cause: error });
  }
  // It is no child of this process.
  const exited = (): Promise<boolean> => waitUntil(() => !isAlive(shim), exitTimeoutMs);
  return launchedOver(socket, shim, { extra: [], exited, complaint: () => "", letGo: () => undefined });
};
