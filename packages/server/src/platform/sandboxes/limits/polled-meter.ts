/** Measures a sandbox through /proc where no cgroup is delegated; limits hold to within one interval. */
import { givingBackMs, type ToolMemory } from "./cgroups.ts";
import { familyOf, type HostProcess, listProcesses, proportionalBytes } from "../machine/host-processes.ts";
import { createMemoryFileReader } from "./memory-file.ts";
import type { Meter } from "./meter.ts";

const tickMs = 10;
const pageBytes = 4096;

const snapshotMs = 25;
let snapshot: { readonly at: number; readonly processes: HostProcess[] } = {
  at: Number.NEGATIVE_INFINITY,
  processes: [],
};

/** Runs that are measured at about the same time share one reading of the host. */
const recentProcesses = (): HostProcess[] => {
  if (performance.now() - snapshot.at > snapshotMs) snapshot = { at: performance.now(), processes: listProcesses() };
  return snapshot.processes;
};

/** The readings of a meter; replaced in tests. */
export type ProcessView = {
  readonly processes: () => readonly HostProcess[];
  /** Expensive: the kernel walks all of a process's memory. */
  readonly proportionalBytes: (pid: number) => number;
  /** For a sandbox whose tool is a kernel of its own. */
  readonly memoryFile?: {
    /** The memory of the program; undefined: none of the processes has the file open. */
    readonly bytes: (pids: readonly number[]) => number | undefined;
    /** Limit of the tool's own memory. */
    readonly toolBytes: ToolMemory;
    readonly now: () => number;
  };
};

/** Reads the processes of the host, for one sandbox. */
export const hostView = (toolBytes: ToolMemory): ProcessView => ({
  processes: recentProcesses,
  proportionalBytes,
  ...(toolBytes > 0
    ? { memoryFile: { bytes: createMemoryFileReader(), toolBytes, now: () => performance.now() } }
    : {}),
});

/** Measures the processes below `rootPid`. Daemonised ones stay below it: init inherits them. */
export const createPolledMeter = (rootPid: number, view: ProcessView): Meter => {
  let memoryLimit = Number.POSITIVE_INFINITY;
  let memoryExceeded = false;
  let peakBytes = 0;
  let residentAtCloseLook = 0;
  let aboveSinceMs: number | undefined;
  let cpuMs = 0;

  /** A tool's memory file needs no proportional reading; memory that the program has freed stays in it a little longer. */
  const countMemoryFile = (bytes: number, { toolBytes, now }: NonNullable<ProcessView["memoryFile"]>): void => {
    peakBytes = Math.max(peakBytes, Math.min(bytes, memoryLimit));
    aboveSinceMs = bytes > memoryLimit ? (aboveSinceMs ?? now()) : undefined;
    const isAbove = aboveSinceMs !== undefined && now() - aboveSinceMs >= givingBackMs;
    memoryExceeded ||= isAbove || bytes > memoryLimit + toolBytes;
  };
  const countProcesses = (family: readonly HostProcess[]): void => {
    const residentBytes = family.reduce((sum, member) => sum + member.residentPages, 0) * pageBytes;
    // Resident memory counts shared pages once per process. Proportional memory is read when resident memory has grown since the last such
    // reading, and always above the limit, because unsharing pages changes proportional memory only.
    if (residentBytes <= Math.min(memoryLimit, residentAtCloseLook)) return;
    const look = (): number => family.reduce((sum, member) => sum + view.proportionalBytes(member.pid), 0);
    let bytes = look();
    // Processes are read one after the other: while some are forked, shared pages count more than once.
    if (bytes > memoryLimit) bytes = Math.min(bytes, look());
    residentAtCloseLook = Math.max(residentAtCloseLook, residentBytes);
    peakBytes = Math.max(peakBytes, bytes);
    memoryExceeded ||= bytes > memoryLimit;
  };
  return {
    intervalMs: 50,
    begin(memoryBytes) {
      memoryLimit = memoryBytes;
      peakBytes = 0;
      residentAtCloseLook = 0;
      aboveSinceMs = undefined;
    },
    measure() {
      const family = familyOf(rootPid, view.processes());
      // Usage of a process that ended before its parent waited for it would make the sum fall.
      cpuMs = Math.max(cpuMs, family.reduce((sum, member) => sum + member.ticks, 0) * tickMs);
      const { memoryFile } = view;
      if (memoryFile === undefined) countProcesses(family);
      else countMemoryFile(memoryFile.bytes(family.map(({ pid }) => pid)) ?? 0, memoryFile);
      return { cpuMs, memoryPeakBytes: peakBytes, memoryExceeded };
    },
  };
};
