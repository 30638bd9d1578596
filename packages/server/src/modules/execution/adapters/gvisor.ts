/** The `gvisor` tier: each sandbox is a gVisor kernel of its own (runsc, systrap), bounded by a cgroup from outside. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxBlueprint, SandboxProvider } from "../ports.ts";
import { launch } from "../sandbox/launch.ts";
import { insidePaths } from "../sandbox/runtime-folder.ts";
import { createSandboxProvider, type ProviderOptions } from "../sandbox/sandbox-provider.ts";
import type { ScratchDisk } from "../sandbox/scratch-disk.ts";
import { baseEnvironment } from "../sandbox/start-frame.ts";
import { createToolMachine } from "../sandbox/tool-machine.ts";

export type GvisorOptions = ProviderOptions & { readonly runsc: string };

/** What gVisor's kernel, file proxy and stub processes take beside the program, measured at rest and under load. */
const overheadBytes = 64 * 1024 * 1024;

/** What init needs to make the sandbox's inside; a program gets none of them. */
const initCapabilities = [
  "CAP_SYS_ADMIN",
  "CAP_SETUID",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_KILL",
  "CAP_SYS_RESOURCE",
  "CAP_CHOWN",
  "CAP_FOWNER",
  "CAP_DAC_OVERRIDE",
];

const ociBundle = (blueprint: SandboxBlueprint, runtimeFolder: string, disk: ScratchDisk | undefined): unknown => ({
  ociVersion: "1.0.2",
  process: {
    user: { uid: 0, gid: 0 },
    args: [
      insidePaths.init,
      `--disk=${disk === undefined ? `mode=0755,size=${blueprint.diskBytes}` : "mounted"}`,
      "--identity=separate",
      ...(blueprint.warmUp === undefined ? [] : ["--", ...blueprint.warmUp]),
    ],
    env: Object.entries(baseEnvironment).map(([name, value]) => `${name}=${value}`),
    cwd: "/",
    capabilities: {
      bounding: initCapabilities,
      effective: initCapabilities,
      inheritable: [],
      permitted: initCapabilities,
      ambient: [],
    },
    rlimits: [{ type: "RLIMIT_NOFILE", soft: 1024, hard: 1024 }],
  },
  root: { path: blueprint.imageRoot, readonly: true },
  hostname: "atelier",
  mounts: [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/dev", type: "tmpfs", source: "tmpfs" },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
    { destination: "/.atelier", type: "bind", source: runtimeFolder, options: ["rbind", "ro", "nosuid", "nodev"] },
    ...(disk === undefined
      ? []
      : [
          {
            destination: "/project",
            type: "bind",
            source: disk.mountPoint,
            options: ["bind", "rw", "nosuid", "nodev"],
          },
        ]),
  ],
  linux: {
    namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
  },
});

/** Stops and continues the kernel's process: it looks after its own work 2,500 times a second even when there is none. */
const signalKernel = (pidFile: string, signal: "SIGSTOP" | "SIGCONT"): void => {
  const pid = Number(readFileSync(pidFile, "utf8"));
  // Zero and negative numbers would name groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 1) throw new Error(`runsc wrote no process id to ${pidFile}`);
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has just ended, which its streams say.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** A provider whose sandboxes are gVisor's. Does no I/O but to make its state folder. */
export const createGvisorProvider = (options: GvisorOptions): SandboxProvider =>
  createSandboxProvider({
    ...options,
    tier: "gvisor",
    start: async ({ blueprint, place, runtimeFolder }) => {
      const pidFile = join(place.folder, "kernel.pid");
      writeFileSync(join(place.folder, "config.json"), JSON.stringify(ociBundle(blueprint, runtimeFolder, place.disk)));
      const launched = launch({
        initPath: options.initPath,
        argv: [
          [options.runsc, "--root", join(place.folder, "runsc"), "--platform", "systrap", "--network", "none"],
          // The cgroup is entered before runsc starts, and outlives it so that the cause of a death can be read.
          ["--ignore-cgroups", "--overlay2", "none", "--host-uds", "none"],
          ["--file-access", "exclusive", "--file-access-mounts", "exclusive"],
          process.geteuid?.() === 0 ? [] : ["--rootless"],
          ["run", "--bundle", place.folder, "--pid-file", pidFile, place.id],
        ].flat(),
        joinFiles: place.cgroup?.joinFiles ?? [],
        disk: place.disk,
      });
      return createToolMachine({
        launched,
        place,
        overheadBytes,
        rest: () => signalKernel(pidFile, "SIGSTOP"),
        wake: () => signalKernel(pidFile, "SIGCONT"),
      });
    },
  });
