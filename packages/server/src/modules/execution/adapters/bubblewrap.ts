/** The `namespaces` tier: bubblewrap's namespaces, a seccomp filter, cgroup limits. The kernel is shared. */
import { mkdirSync, writeFileSync } from "node:fs";
import type { Writable } from "node:stream";
import type { Log } from "#kernel/log";
import type { SandboxBlueprint, SandboxProvider } from "../ports.ts";
import { familyOf, isAlive, killProcesses, waitUntil } from "../sandbox/host-processes.ts";
import { type Launched, launch } from "../sandbox/launch.ts";
import type { Machine } from "../sandbox/machine.ts";
import { createPolledMeter } from "../sandbox/polled-meter.ts";
import { insidePaths, makeRuntimeFolder } from "../sandbox/runtime-folder.ts";
import { createSandboxHome, type SandboxHome, type SandboxPlace } from "../sandbox/sandbox-home.ts";
import { SandboxUnavailable } from "../sandbox/sandbox-unavailable.ts";
import { baseEnvironment } from "../sandbox/start-frame.ts";
import { createUserPairs, type UserPair } from "../sandbox/user-pairs.ts";
import { openWarmSandbox } from "../sandbox/warm-sandbox.ts";

/** Where things are on the host. */
export type BubblewrapOptions = {
  readonly bwrap: string;
  readonly initPath: string;
  /** The `languages` folder: warm-up programs are `<id>/warm-up.*` in it. */
  readonly warmUpFolder: string;
  /** A folder of this provider's own; another server must not share it. */
  readonly stateFolder: string;
  readonly log: Log;
  readonly bootTimeoutMs?: number;
};

const bootTimeoutMs = 15_000;
const destroyTimeoutMs = 10_000;

const diskOptions = (blueprint: SandboxBlueprint): string =>
  `mode=0755,size=${blueprint.diskBytes},nr_inodes=${blueprint.diskInodes}`;

const bwrapArguments = (options: {
  readonly blueprint: SandboxBlueprint;
  readonly runtimeFolder: string;
  readonly place: SandboxPlace;
  readonly separateUsers: boolean;
}): string[] => {
  const { blueprint, runtimeFolder, place, separateUsers } = options;
  const disk = place.disk;
  return [
    ["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    ["--die-with-parent", "--new-session", "--as-pid-1", "--info-fd", "3", "--userns-block-fd", "4"],
    ["--cap-add", "ALL", "--hostname", "atelier", "--clearenv"],
    ...Object.entries(baseEnvironment).map(([name, value]) => ["--setenv", name, value]),
    ["--ro-bind", blueprint.imageRoot, "/", "--ro-bind", runtimeFolder, "/.atelier"],
    ["--proc", "/proc", "--dev", "/dev"],
    disk === undefined ? [] : ["--bind", disk, "/project"],
    ["--", insidePaths.init, `--disk=${disk === undefined ? diskOptions(blueprint) : "mounted"}`],
    [`--identity=${separateUsers ? "separate" : "shared"}`, "--hide-host", `--seccomp=${insidePaths.seccomp}`],
    blueprint.warmUp === undefined ? [] : ["--", ...blueprint.warmUp],
  ].flat();
};

/** Reads the pid of the sandbox's first process from bubblewrap's report. */
const readChildPid = async (launched: Launched): Promise<number> => {
  const info = launched.extra[0];
  let text = "";
  if (info !== undefined && "read" in info) {
    for await (const chunk of info) {
      text += String(chunk);
      if (text.length > 4096 || text.includes("}")) break;
    }
  }
  const match = /"child-pid": *(\d+)/u.exec(text);
  if (match === null) {
    await Promise.race([launched.exited, new Promise((resolve) => setTimeout(resolve, 200))]);
    throw new SandboxUnavailable(`bubblewrap did not start. ${launched.complaint()}`);
  }
  return Number(match[1]);
};

/** Root maps three ids: itself for the image's files, and two that own nothing; an ordinary user has one to map. */
const mapUsers = (childPid: number, pair: UserPair | undefined): void => {
  const maps =
    pair === undefined
      ? { uid: `0 ${process.geteuid?.() ?? 0} 1`, gid: `0 ${process.getegid?.() ?? 0} 1` }
      : {
          uid: `0 0 1\n1 ${pair.init} 1\n1000 ${pair.program} 1`,
          gid: `0 0 1\n1 ${pair.init} 1\n1000 ${pair.program} 1`,
        };
  if (pair === undefined) writeFileSync(`/proc/${childPid}/setgroups`, "deny");
  writeFileSync(`/proc/${childPid}/uid_map`, maps.uid);
  writeFileSync(`/proc/${childPid}/gid_map`, maps.gid);
};

const createMachine = (launched: Launched, place: SandboxPlace): Machine => {
  let destroyed: Promise<void> | undefined;
  const destroy = async (): Promise<void> => {
    const family = familyOf(launched.pid);
    killProcesses(family.map((member) => member.pid));
    await launched.exited;
    const gone = await waitUntil(() => !family.some(isAlive), destroyTimeoutMs);
    await place.remove(destroyTimeoutMs);
    if (!gone) throw new Error("a sandboxed process did not end");
  };
  return {
    input: launched.input,
    output: launched.output,
    meter: place.cgroup?.meter ?? createPolledMeter(launched.pid),
    overheadBytes: 0,
    destroy: () => (destroyed ??= destroy()),
    complaint: launched.complaint,
  };
};

/** A provider whose sandboxes are bubblewrap's. Does no I/O but to make its state folder. */
export const createBubblewrapProvider = (options: BubblewrapOptions): SandboxProvider => {
  mkdirSync(options.stateFolder, { recursive: true });
  const home: SandboxHome = createSandboxHome({
    stateFolder: options.stateFolder,
    tier: "namespaces",
    log: options.log,
  });
  const separateUsers = process.geteuid?.() === 0;
  const nextPair = createUserPairs();
  let runtimeFolder: string | undefined;

  const boot = async (blueprint: SandboxBlueprint): Promise<{ machine: Machine; place: SandboxPlace }> => {
    runtimeFolder ??= makeRuntimeFolder(options);
    const pair = separateUsers ? nextPair() : undefined;
    const place = await home.open(blueprint);
    try {
      const launched = launch({
        argv: [options.bwrap, ...bwrapArguments({ blueprint, runtimeFolder, place, separateUsers })],
        joinFiles: place.cgroup?.joinFiles ?? [],
        extraPipes: 2,
      });
      try {
        mapUsers(await readChildPid(launched), pair);
        const unblock = launched.extra[1] as Writable;
        unblock.on("error", () => undefined);
        unblock.end("1");
      } catch (error) {
        killProcesses([launched.pid]);
        throw error;
      }
      return { machine: createMachine(launched, place), place };
    } catch (error) {
      await place.remove(destroyTimeoutMs);
      throw error;
    }
  };

  return {
    tier: "namespaces",
    limitsEnforcement: home.limitsEnforcement,
    async boot(blueprint) {
      const { machine, place } = await boot(blueprint);
      const sandbox = await openWarmSandbox({
        tier: "namespaces",
        limitsEnforcement: home.limitsEnforcement,
        blueprint,
        machine,
        bootTimeoutMs: options.bootTimeoutMs ?? bootTimeoutMs,
      });
      await place.booted();
      return home.track(sandbox);
    },
    removeOrphans: () => home.removeOrphans(),
    [Symbol.asyncDispose]: () => home.close(),
  };
};
