/** The `namespaces` tier: bubblewrap's namespaces, a seccomp filter, cgroup limits. The kernel is shared. */
import { writeFileSync } from "node:fs";
import type { Writable } from "node:stream";
import type { SandboxBlueprint, SandboxProvider } from "../ports.ts";
import { killProcesses } from "../machine/host-processes.ts";
import type { Launched } from "../machine/launch.ts";
import { launchTool } from "../machine/shim.ts";
import { planMounts } from "../machine/mount-plan.ts";
import { insidePaths } from "../machine/runtime-folder.ts";
import type { SandboxResources } from "../machine/host-resources.ts";
import { createSandboxProvider, type ProviderOptions } from "../machine/sandbox-provider.ts";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { baseEnvironment } from "../machine/base-environment.ts";
import { createToolMachine } from "../machine/tool-machine.ts";
import { createUserPairs, type UserPair } from "../machine/user-pairs.ts";

export type BubblewrapOptions = ProviderOptions & { readonly bwrap: string };

const diskOptions = (blueprint: SandboxBlueprint): string =>
  `mode=0755,size=${blueprint.diskBytes},nr_inodes=${blueprint.diskInodes}`;

const bwrapArguments = (options: {
  readonly blueprint: SandboxBlueprint;
  readonly runtimeFolder: string;
  readonly resources: SandboxResources;
  readonly separateUsers: boolean;
}): string[] => {
  const { blueprint, runtimeFolder, resources, separateUsers } = options;
  const disk = resources.disk;
  const mounts = planMounts(blueprint.mounts);
  return [
    ["--unshare-user", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts", "--unshare-cgroup-try"],
    ["--die-with-parent", "--new-session", "--as-pid-1", "--info-fd", "3", "--userns-block-fd", "4"],
    ["--cap-add", "ALL", "--hostname", "atelier", "--clearenv"],
    ...Object.entries(baseEnvironment).map(([name, value]) => ["--setenv", name, value]),
    ["--ro-bind", mounts.root, "/", "--ro-bind", runtimeFolder, "/.atelier"],
    ...mounts.binds.map(({ source, target }) => ["--ro-bind", source, target]),
    ["--proc", "/proc", "--dev", "/dev"],
    disk === undefined ? [] : ["--bind", disk.mountPoint, "/project"],
    ["--", insidePaths.init, `--disk=${disk === undefined ? diskOptions(blueprint) : "mounted"}`],
    [
      `--identity=${separateUsers ? "separate" : "shared"}`,
      "--hide-host",
      `--memory=${blueprint.memoryBytes}`,
      `--seccomp=${insidePaths.seccomp}`,
      ...mounts.initOptions,
    ],
    blueprint.warmUp === undefined ? [] : ["--", ...blueprint.warmUp],
  ].flat();
};

/** Reads the pid of the sandbox's first process from bubblewrap's report. */
const readChildPid = async (launched: Launched, timeoutMs: number): Promise<number> => {
  const info = launched.extra[0];
  let text = "";
  if (info !== undefined && "read" in info) {
    const late = new SandboxUnavailable(`bubblewrap did not start within ${timeoutMs} ms`);
    const timer = setTimeout(() => info.destroy(late), timeoutMs);
    try {
      for await (const chunk of info) {
        text += String(chunk);
        if (text.length > 4096 || text.includes("}")) break;
      }
    } finally {
      clearTimeout(timer);
    }
  }
  const match = /"child-pid": *(\d+)/u.exec(text);
  if (match === null) {
    await Promise.race([launched.exited, new Promise((resolve) => setTimeout(resolve, 200))]);
    throw new SandboxUnavailable(`bubblewrap did not start. ${launched.complaint()}`);
  }
  return Number(match[1]);
};

/** Root maps three ids: itself for the image's files, and two that own no files; an ordinary user can map only one. */
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

/** A provider of bubblewrap sandboxes. Creates its state folder, and does no other I/O. */
export const createBubblewrapProvider = (options: BubblewrapOptions): SandboxProvider => {
  const separateUsers = process.geteuid?.() === 0;
  const nextPair = createUserPairs();
  return createSandboxProvider({
    ...options,
    tier: "namespaces",
    toolMemoryBytes: 0,
    start: async ({ blueprint, resources, runtimeFolder, bootTimeoutMs }) => {
      const pair = separateUsers ? nextPair() : undefined;
      const launched = await launchTool(resources, {
        initPath: options.initPath,
        argv: [options.bwrap, ...bwrapArguments({ blueprint, runtimeFolder, resources, separateUsers })],
        joinFiles: resources.cgroup?.joinFiles ?? [],
        disk: resources.disk,
        ownDevices: separateUsers,
        extraPipes: 2,
      });
      let childPid: number;
      try {
        childPid = await readChildPid(launched, bootTimeoutMs);
        mapUsers(childPid, pair);
        const unblock = launched.extra[1] as Writable;
        unblock.on("error", () => undefined);
        unblock.end("1");
      } catch (error) {
        killProcesses([launched.pid]);
        throw error;
      }
      return createToolMachine({ launched, resources, networkPid: childPid });
    },
  });
};
