/** The `gvisor` tier: each sandbox is a gVisor kernel of its own (runsc, systrap), bounded by a cgroup from outside. */
import { execFile } from "node:child_process";
import { readFileSync, realpathSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { SandboxBlueprint, SandboxProvider } from "../ports.ts";
import { launchTool } from "../machine/shim.ts";
import { type MountPlan, planMounts } from "../machine/mount-plan.ts";
import { insidePaths } from "../machine/runtime-folder.ts";
import type { SandboxResources } from "../machine/host-resources.ts";
import { createSandboxProvider, type ProviderOptions } from "../machine/sandbox-provider.ts";
import type { ScratchDisk } from "../disks/scratch-disk.ts";
import { baseEnvironment } from "../machine/base-environment.ts";
import { createToolMachine } from "../machine/tool-machine.ts";
import { createOriginals } from "./gvisor-originals.ts";

const execute = promisify(execFile);

export type GvisorOptions = ProviderOptions & { readonly runsc: string };

/** Bytes that gVisor's kernel, file proxy and stub processes need beside the program: measured 15 MiB idle, 58 MiB with 126 processes. */
const toolMemoryBytes = 64 * 1024 * 1024;

/** The capabilities that init needs to set up the inside of the sandbox; programs get none. */
const initCapabilities = [
  "CAP_SYS_ADMIN",
  "CAP_SETUID",
  "CAP_SETGID",
  "CAP_SETPCAP",
  "CAP_KILL",
  "CAP_SYS_RESOURCE",
  "CAP_CHOWN",
  "CAP_FOWNER",
  "CAP_SYS_PTRACE",
  "CAP_DAC_OVERRIDE",
];

const bundleWith = (
  mounts: MountPlan,
  blueprint: SandboxBlueprint,
  { runtimeFolder, disk }: { readonly runtimeFolder: string; readonly disk: ScratchDisk | undefined },
): unknown => ({
  ociVersion: "1.0.2",
  process: {
    user: { uid: 0, gid: 0 },
    args: [
      insidePaths.init,
      `--disk=${disk === undefined ? `mode=0755,size=${blueprint.diskBytes}` : "mounted"}`,
      "--identity=separate",
      // A refused call would reach gVisor's kernel only, but a program's limits do not apply in a user namespace that it makes.
      `--seccomp=${insidePaths.seccomp}`,
      `--memory=${blueprint.memoryBytes}`,
      ...mounts.initOptions,
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
  // A current runsc mounts nothing below a path that goes through a symbolic link.
  root: { path: realpathSync(mounts.root), readonly: true },
  hostname: "atelier",
  mounts: [
    { destination: "/proc", type: "proc", source: "proc" },
    { destination: "/dev", type: "tmpfs", source: "tmpfs" },
    { destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"] },
    ...[{ source: runtimeFolder, target: "/.atelier" }, ...mounts.binds].map(({ source, target }) => ({
      destination: target,
      type: "bind",
      source: realpathSync(source),
      options: ["rbind", "ro", "nosuid", "nodev"],
    })),
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

const readPid = (pidFile: string): number => {
  const pid = Number(readFileSync(pidFile, "utf8"));
  // Zero and negative numbers would name groups of processes.
  if (!Number.isSafeInteger(pid) || pid <= 1) throw new Error(`runsc wrote no process id to ${pidFile}`);
  return pid;
};

/** Pauses and resumes the kernel's process (SIGSTOP, SIGCONT): it wakes up 2,500 times a second even when there is no work. */
const signalKernel = (pid: number, signal: "SIGSTOP" | "SIGCONT"): void => {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has just ended, which its streams report.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

const savingTimeoutMs = 30_000;

/** A provider of gVisor sandboxes. Creates its state folder, and does no other I/O. */
export const createGvisorProvider = (options: GvisorOptions): SandboxProvider => {
  const asRoot = process.geteuid?.() === 0;
  const originals = createOriginals(join(options.stateFolder, "originals"));
  const runsc = (resources: SandboxResources, ...command: readonly string[]): string[] =>
    [
      [options.runsc, "--root", join(resources.folder, "runsc"), "--platform", "systrap", "--network", "none"],
      // The cgroup is entered before runsc starts, and outlives it so that the cause of a death can be read.
      ["--ignore-cgroups", "--overlay2", "none", "--host-uds", "none"],
      ["--file-access", "exclusive", "--file-access-mounts", "exclusive"],
      asRoot ? [] : ["--rootless"],
      command,
    ].flat();

  /** Rejects when runsc fails; the sandbox may have ended then. */
  const save = async (resources: SandboxResources, folder: string): Promise<void> => {
    // Zero pages are left out, nothing is compressed: it is written once and read for every sandbox.
    const saving = ["--compression=none", "--exclude-committed-zero-pages", "--leave-running", "--image-path", folder];
    const [file = "", ...argv] = runsc(resources, "checkpoint", ...saving, resources.id);
    await execute(file, argv, { env: { PATH: "/usr/bin:/bin" }, timeout: savingTimeoutMs });
  };

  return createSandboxProvider({
    ...options,
    tier: "gvisor",
    toolMemoryBytes,
    start: async ({ blueprint, resources, runtimeFolder, mayBeCopy }) => {
      const kind = JSON.stringify([blueprint, runtimeFolder, resources.disk === undefined]);
      if (!mayBeCopy) originals.giveUp(kind);
      const original = originals.acquire(kind);
      const pidFile = join(resources.folder, "kernel.pid");
      const common = ["--bundle", resources.folder, "--pid-file", pidFile, resources.id];
      writeFileSync(
        join(resources.folder, "config.json"),
        JSON.stringify(bundleWith(planMounts(blueprint.mounts), blueprint, { runtimeFolder, disk: resources.disk })),
      );
      const launching = launchTool(resources, {
        initPath: options.initPath,
        argv:
          original === undefined
            ? runsc(resources, "run", ...common)
            : runsc(resources, "restore", "--image-path", original.folder, ...common),
        joinFiles: resources.cgroup?.joinFiles ?? [],
        disk: resources.disk,
      });
      // Also when no sandbox was started.
      const release = (): void => original?.release();
      launching.then(({ exited }) => exited).then(release, release);
      const launched = await launching;
      let restingPid: number | undefined;
      return createToolMachine({
        launched,
        resources,
        isCopy: original !== undefined,
        async becomeOriginal(prepare) {
          // Without root, runsc does not restore.
          if (!asRoot || original !== undefined) return false;
          try {
            return await originals.renew(kind, async (folder) => {
              await prepare();
              await save(resources, folder);
            });
          } catch (error) {
            options.log.warn("execution.original-failed", { reason: String(error) });
            return true;
          }
        },
        rest() {
          restingPid = readPid(pidFile);
          signalKernel(restingPid, "SIGSTOP");
        },
        wake() {
          if (restingPid !== undefined) signalKernel(restingPid, "SIGCONT");
        },
      });
    },
    resume: (resources) => signalKernel(readPid(join(resources.folder, "kernel.pid")), "SIGCONT"),
    clear: () => originals.clear(),
  });
};
