/** The `gvisor` tier: each sandbox is a gVisor kernel of its own (runsc, systrap), bounded by a cgroup from outside. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Log } from "#kernel/log";
import type { SandboxBlueprint, SandboxProvider } from "../ports.ts";
import { familyOf, isAlive, killProcesses, waitUntil } from "../sandbox/host-processes.ts";
import { type Launched, launch } from "../sandbox/launch.ts";
import type { Machine } from "../sandbox/machine.ts";
import { createPolledMeter } from "../sandbox/polled-meter.ts";
import { insidePaths, makeRuntimeFolder } from "../sandbox/runtime-folder.ts";
import { createSandboxHome, type SandboxPlace } from "../sandbox/sandbox-home.ts";
import { baseEnvironment } from "../sandbox/start-frame.ts";
import { openWarmSandbox } from "../sandbox/warm-sandbox.ts";

/** Where things are on the host. */
export type GvisorOptions = {
  readonly runsc: string;
  readonly initPath: string;
  /** The `languages` folder: warm-up programs are `<id>/warm-up.*` in it. */
  readonly warmUpFolder: string;
  /** A folder of this provider's own; another server must not share it. */
  readonly stateFolder: string;
  readonly log: Log;
  readonly bootTimeoutMs?: number;
};

const bootTimeoutMs = 20_000;
const destroyTimeoutMs = 10_000;
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

const ociBundle = (blueprint: SandboxBlueprint, runtimeFolder: string, disk: string | undefined): unknown => ({
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
      : [{ destination: "/project", type: "bind", source: disk, options: ["bind", "rw", "nosuid", "nodev"] }]),
  ],
  linux: {
    namespaces: ["pid", "network", "ipc", "uts", "mount"].map((type) => ({ type })),
  },
});

const createMachine = (launched: Launched, place: SandboxPlace): Machine => {
  let destroyed: Promise<void> | undefined;
  const destroy = async (): Promise<void> => {
    const family = familyOf(launched.pid);
    killProcesses([...new Set([...family.map((member) => member.pid), ...(place.cgroup?.processes() ?? [])])]);
    await launched.exited;
    const gone = await waitUntil(() => !family.some(isAlive), destroyTimeoutMs);
    await place.remove(destroyTimeoutMs);
    if (!gone) throw new Error("a sandboxed process did not end");
  };
  return {
    input: launched.input,
    output: launched.output,
    meter: place.cgroup?.meter ?? createPolledMeter(launched.pid),
    overheadBytes,
    destroy: () => (destroyed ??= destroy()),
    complaint: launched.complaint,
  };
};

/** A provider whose sandboxes are gVisor's. Does no I/O but to make its state folder. */
export const createGvisorProvider = (options: GvisorOptions): SandboxProvider => {
  mkdirSync(options.stateFolder, { recursive: true });
  const home = createSandboxHome({ stateFolder: options.stateFolder, tier: "gvisor", log: options.log });
  let runtimeFolder: string | undefined;

  const boot = async (blueprint: SandboxBlueprint): Promise<{ machine: Machine; place: SandboxPlace }> => {
    runtimeFolder ??= makeRuntimeFolder(options);
    const place = await home.open(blueprint);
    try {
      writeFileSync(join(place.folder, "config.json"), JSON.stringify(ociBundle(blueprint, runtimeFolder, place.disk)));
      const launched = launch({
        argv: [
          [options.runsc, "--root", join(place.folder, "runsc"), "--platform", "systrap", "--network", "none"],
          // The cgroup is entered before runsc starts, and outlives it so that the cause of a death can be read.
          ["--ignore-cgroups", "--overlay2", "none", "--host-uds", "none"],
          ["--file-access", "exclusive", "--file-access-mounts", "exclusive"],
          process.geteuid?.() === 0 ? [] : ["--rootless"],
          ["run", "--bundle", place.folder, place.id],
        ].flat(),
        joinFiles: place.cgroup?.joinFiles ?? [],
      });
      return { machine: createMachine(launched, place), place };
    } catch (error) {
      await place.remove(destroyTimeoutMs);
      throw error;
    }
  };

  return {
    tier: "gvisor",
    limitsEnforcement: home.limitsEnforcement,
    async boot(blueprint) {
      const { machine, place } = await boot(blueprint);
      const sandbox = await openWarmSandbox({
        tier: "gvisor",
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
