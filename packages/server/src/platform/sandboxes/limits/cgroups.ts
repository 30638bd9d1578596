/** One cgroup per sandbox: limits, usage, cause of death, and removal; one interface for versions 1 and 2. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { CgroupLayout } from "./cgroup-layout.ts";
import { killProcesses, waitUntil } from "../machine/host-processes.ts";
import { MemoryInUse, type Meter } from "./meter.ts";
import { socketShare } from "./socket-memory.ts";

/** A sandbox's cgroup. */
export interface SandboxCgroup {
  readonly meter: Meter;
  /** Whether the kernel accounts and limits the buffers of the cgroup's TCP and UDP sockets. */
  readonly chargesSockets: boolean;
  /** Files into which a process writes its own pid to join the cgroup. */
  readonly joinFiles: readonly string[];
  /** The file with the total CPU time of all processes. */
  readonly cpuFile: string;
  processes(): number[];
  /** Sets the CPU weight relative to the other sandboxes (each has 1 at first); does nothing when the cgroup is gone. */
  readonly setCpuWeight: (weight: number) => void;
  /** Kills all processes inside and removes the folders. Throws when a process does not end within the time. */
  remove(timeoutMs: number): Promise<void>;
}

const cpuPeriodUs = 100_000;
/** The quota is two processors where there are two. The run's CPU limit, which is a little above its wall limit, bounds the total. */
const cpuQuotaUs = (): number => Math.min(2, availableParallelism()) * cpuPeriodUs;
/** The outer limit of tasks: gVisor needs hundreds for itself; init limits programs. */
const tasksMaximum = 4096;

const readNumber = (path: string): number => Number(readFileSync(path, "utf8"));

const keyOf = (text: string, key: string): number => {
  const line = text.split("\n").find((entry) => entry.startsWith(`${key} `));
  return line === undefined ? 0 : Number(line.slice(key.length + 1));
};
const readKey = (path: string, key: string): number => keyOf(readFileSync(path, "utf8"), key);

/** Ignores settings that older kernels do not have. */
const writeIfThere = (path: string, value: string): void => {
  if (existsSync(path)) writeFileSync(path, value);
};

/** Percentages of the limit: a cgroup above the first is full; one with less file cache than the second cannot keep its programs' code. */
const fullPercent = 98;
const fewFilesPercent = 1;
const pagesReadBackTooOften = 4096;

/**
 * Thrashing: at its limit a program's own memory evicts the pages of its files, which are read again at once, and evicted again. The kernel
 * sees progress in this and kills no process, and the program would end at its CPU limit instead.
 */
const isThrashing = (statistics: string, usedBytes: number, limitBytes: number): boolean => {
  if (usedBytes * 100 < limitBytes * fullPercent) return false;
  const fileBytes = keyOf(statistics, "active_file") + keyOf(statistics, "inactive_file");
  return (
    fileBytes * 100 < limitBytes * fewFilesPercent &&
    keyOf(statistics, "workingset_refault_file") >= pagesReadBackTooOften
  );
};

/**
 * How much memory a sandbox's tool may use beside its program, in bytes. Above 0 the tool is a kernel of its own (gVisor): it keeps the
 * program's memory in a file of shared memory; all other memory in the cgroup is the tool's.
 */
export type ToolMemory = number;

/** gVisor returns freed memory to the host with a delay; until then it still counts as the program's. */
export const givingBackMs = 250;

/** Separates the program's memory from its tool's. All numbers are bytes. */
const createMemoryAccount = (toolBytes: ToolMemory) => {
  let programLimit = Number.POSITIVE_INFINITY;
  let programPeak = 0;
  let toolPeak = 0;
  let aboveSinceMs: number | undefined;
  return {
    /** Returns the cgroup's limit. Throws MemoryInUse. */
    begin(memoryBytes: number, statistics: () => string): number {
      programLimit = memoryBytes;
      programPeak = toolPeak = 0;
      aboveSinceMs = undefined;
      if (toolBytes > 0 && keyOf(statistics(), "shmem") > memoryBytes) throw new MemoryInUse();
      return memoryBytes + toolBytes;
    },
    /** `peak` is the cgroup's, of program and tool together. */
    measure({ used, peak, statistics }: { readonly used: number; readonly peak: number; readonly statistics: string }) {
      const isThrashingNow = isThrashing(statistics, used, programLimit + toolBytes);
      if (toolBytes === 0) return { memoryPeakBytes: peak, exceeded: isThrashingNow };
      const program = keyOf(statistics, "shmem");
      toolPeak = Math.max(toolPeak, used - program);
      // The peak between two measurements is known only for the sum of both.
      programPeak = Math.max(programPeak, Math.min(Math.max(program, peak - toolPeak), programLimit));
      aboveSinceMs = program > programLimit ? (aboveSinceMs ?? performance.now()) : undefined;
      const isAbove = aboveSinceMs !== undefined && performance.now() - aboveSinceMs >= givingBackMs;
      return { memoryPeakBytes: programPeak, exceeded: isThrashingNow || isAbove };
    },
  };
};

/**
 * In version 1 the buffers of TCP and UDP are not charged as memory, but have their own limit: above it senders block and datagrams are
 * dropped. Sockets made before the limit was set are never counted.
 */
const socketLimitOne = (paths: CgroupLayout): string => join(paths.memory, "memory.kmem.tcp.limit_in_bytes");

const meterOne = (paths: CgroupLayout, toolBytes: ToolMemory): Meter => {
  const account = createMemoryAccount(toolBytes);
  return {
    intervalMs: 50,
    begin(memoryBytes) {
      const limitBytes = account.begin(memoryBytes, () => readFileSync(join(paths.memory, "memory.stat"), "utf8"));
      // Memory and swap together may never be set below memory alone.
      writeIfThere(join(paths.memory, "memory.memsw.limit_in_bytes"), "-1");
      try {
        writeFileSync(join(paths.memory, "memory.limit_in_bytes"), String(limitBytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
        throw new MemoryInUse();
      }
      writeIfThere(join(paths.memory, "memory.memsw.limit_in_bytes"), String(limitBytes));
      writeIfThere(join(paths.memory, "memory.max_usage_in_bytes"), "0");
      writeIfThere(socketLimitOne(paths), String(Math.floor(memoryBytes * socketShare)));
      try {
        writeFileSync(join(paths.cpu, "cpu.cfs_quota_us"), String(cpuQuotaUs()));
      } catch (error) {
        // In a container that may use less than two, version 1 refuses two to what is inside it.
        if ((error as NodeJS.ErrnoException).code !== "EINVAL") throw error;
        writeFileSync(join(paths.cpu, "cpu.cfs_quota_us"), String(cpuPeriodUs));
      }
    },
    measure() {
      const { memoryPeakBytes, exceeded } = account.measure({
        used: readNumber(join(paths.memory, "memory.usage_in_bytes")),
        peak: readNumber(join(paths.memory, "memory.max_usage_in_bytes")),
        statistics: readFileSync(join(paths.memory, "memory.stat"), "utf8"),
      });
      return {
        cpuMs: readNumber(join(paths.cpuacct, "cpuacct.usage")) / 1e6,
        memoryPeakBytes,
        memoryExceeded: exceeded || readKey(join(paths.memory, "memory.oom_control"), "oom_kill") > 0,
      };
    },
  };
};

const meterTwo = (paths: CgroupLayout, toolBytes: ToolMemory): Meter => {
  const account = createMemoryAccount(toolBytes);
  let peakSeen = 0;
  return {
    intervalMs: 50,
    begin(memoryBytes) {
      const limitBytes = account.begin(memoryBytes, () => readFileSync(join(paths.memory, "memory.stat"), "utf8"));
      writeFileSync(join(paths.memory, "memory.max"), String(limitBytes));
      writeIfThere(join(paths.memory, "memory.swap.max"), "0");
      writeIfThere(join(paths.memory, "memory.oom.group"), "1");
      writeFileSync(join(paths.cpu, "cpu.max"), `${cpuQuotaUs()} ${cpuPeriodUs}`);
      peakSeen = 0;
    },
    measure() {
      const usedBytes = readNumber(join(paths.memory, "memory.current"));
      peakSeen = Math.max(peakSeen, usedBytes);
      const peakFile = join(paths.memory, "memory.peak");
      const { memoryPeakBytes, exceeded } = account.measure({
        used: usedBytes,
        peak: existsSync(peakFile) ? readNumber(peakFile) : peakSeen,
        statistics: readFileSync(join(paths.memory, "memory.stat"), "utf8"),
      });
      return {
        cpuMs: readKey(join(paths.cpu, "cpu.stat"), "usage_usec") / 1000,
        memoryPeakBytes,
        memoryExceeded: exceeded || readKey(join(paths.memory, "memory.events"), "oom_kill") > 0,
      };
    },
  };
};

/**
 * CPU weight of all sandboxes together in a delegated cgroup, relative to the server: it needs little, and every run waits for it. At the
 * machine's top they compete with other work too, so they keep the usual weight there.
 */
const delegatedWeight = 1 / 8;

/** A cgroup's default CPU weight, and the smallest that the kernel accepts. */
const usualWeights = {
  1: { file: "cpu.shares", usual: 1024, least: 2 },
  2: { file: "cpu.weight", usual: 100, least: 1 },
};

const setCpuWeight = (paths: CgroupLayout, weight: number): void => {
  const { file, usual, least } = usualWeights[paths.version];
  try {
    writeFileSync(join(paths.cpu, file), String(Math.max(least, Math.round(usual * weight))), { flag: "r+" });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT" && (error as NodeJS.ErrnoException).code !== "ENODEV")
      throw error;
  }
};

const foldersOf = (layout: CgroupLayout, name: string): CgroupLayout => ({
  version: layout.version,
  memory: join(layout.memory, name),
  cpu: join(layout.cpu, name),
  cpuacct: join(layout.cpuacct, name),
  pids: layout.pids === undefined ? undefined : join(layout.pids, name),
});

const uniqueFolders = (paths: CgroupLayout): string[] => [
  ...new Set([paths.memory, paths.cpu, paths.cpuacct, ...(paths.pids === undefined ? [] : [paths.pids])]),
];

const processesIn = (folders: readonly string[]): number[] => [
  ...new Set(
    folders.flatMap((folder) => {
      try {
        return readFileSync(join(folder, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT" || (error as NodeJS.ErrnoException).code === "ENODEV")
          return [];
        throw error;
      }
    }),
  ),
];

const removeFolder = (folder: string): boolean => {
  try {
    rmdirSync(folder);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return true;
    // A killed process leaves its cgroup a little later than the list of processes.
    if (code === "EBUSY") return false;
    throw error;
  }
};

const removeFolders = async (folders: readonly string[], timeoutMs: number): Promise<void> => {
  const empty = await waitUntil(() => {
    const left = processesIn(folders);
    killProcesses(left);
    return left.length === 0;
  }, timeoutMs);
  const gone = empty && (await waitUntil(() => folders.every(removeFolder), timeoutMs));
  if (!gone) throw new Error(`cgroup ${folders[0]} still has processes`);
};

/** Creates a sandbox's cgroup below `parent`, the folder name that all sandboxes of one server share. */
export const createSandboxCgroup = (
  layout: CgroupLayout,
  names: { readonly parent: string; readonly id: string },
  toolBytes: ToolMemory,
): SandboxCgroup => {
  const { parent, id } = names;
  // Version 2 needs the controllers enabled in the shared parent.
  const outer = foldersOf(layout, parent);
  for (const folder of uniqueFolders(outer)) mkdirSync(folder, { recursive: true });
  const handedDown = `+memory +cpu${layout.pids === undefined ? "" : " +pids"}`;
  if (layout.version === 2) writeFileSync(join(outer.memory, "cgroup.subtree_control"), handedDown);
  if (layout.isDelegated === true) setCpuWeight(outer, delegatedWeight);
  const paths = foldersOf(outer, id);
  for (const folder of uniqueFolders(paths)) mkdirSync(folder);
  if (paths.pids !== undefined) writeFileSync(join(paths.pids, "pids.max"), String(tasksMaximum));
  return openSandboxCgroup(layout, names, toolBytes);
};

/** A cgroup that was made before, also by another server process. */
export const openSandboxCgroup = (
  layout: CgroupLayout,
  { parent, id }: { readonly parent: string; readonly id: string },
  toolBytes: ToolMemory,
): SandboxCgroup => {
  const paths = foldersOf(foldersOf(layout, parent), id);
  const folders = uniqueFolders(paths);
  return {
    cpuFile: layout.version === 1 ? join(paths.cpuacct, "cpuacct.usage") : join(paths.cpu, "cpu.stat"),
    chargesSockets: layout.version === 2 || existsSync(socketLimitOne(paths)),
    meter: layout.version === 1 ? meterOne(paths, toolBytes) : meterTwo(paths, toolBytes),
    joinFiles: folders.map((folder) => join(folder, "cgroup.procs")),
    processes: () => processesIn(folders),
    setCpuWeight: (weight) => setCpuWeight(paths, weight),
    remove: (timeoutMs) => removeFolders(folders, timeoutMs),
  };
};

/**
 * Kills and removes every sandbox cgroup below `parent` except those that are `kept`, and `parent` when none is. Returns how many were
 * removed.
 */
export const removeSandboxCgroups = async (
  layout: CgroupLayout,
  parent: string,
  kept: ReadonlySet<string> = new Set(),
): Promise<number> => {
  const outer = uniqueFolders(foldersOf(layout, parent)).filter((folder) => existsSync(folder));
  const names = new Set(
    outer.flatMap((folder) =>
      readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
        .filter((name) => !kept.has(name)),
    ),
  );
  for (const name of names) {
    await removeFolders(
      outer.map((folder) => join(folder, name)).filter((folder) => existsSync(folder)),
      5000,
    );
  }
  // The kernel may keep a parent busy for a short time after its last child was removed.
  if (kept.size === 0) await waitUntil(() => outer.every(removeFolder), 5000);
  return names.size;
};
