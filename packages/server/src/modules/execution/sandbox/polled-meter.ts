/** Measures a sandbox through /proc where no cgroup is delegated; limits hold to within one interval. */
import { familyOf, type HostProcess, listProcesses, proportionalBytes } from "./host-processes.ts";
import type { Meter } from "./meter.ts";

const tickMs = 10;
const pageBytes = 4096;

const snapshotMs = 25;
let snapshot: { readonly at: number; readonly processes: HostProcess[] } = {
  at: Number.NEGATIVE_INFINITY,
  processes: [],
};

/** Runs that are measured at about the same time share one look at the host. */
const recentProcesses = (): HostProcess[] => {
  if (performance.now() - snapshot.at > snapshotMs) snapshot = { at: performance.now(), processes: listProcesses() };
  return snapshot.processes;
};

/** Measures the processes below `rootPid`. Daemonised ones stay below it: init inherits them. */
export const createPolledMeter = (rootPid: number): Meter => {
  let memoryLimit = Number.POSITIVE_INFINITY;
  let memoryExceeded = false;
  let peakBytes = 0;
  let cpuMs = 0;
  return {
    intervalMs: 50,
    begin(memoryBytes) {
      memoryLimit = memoryBytes;
      peakBytes = 0;
    },
    measure() {
      const family = familyOf(rootPid, recentProcesses());
      // Usage of a process that ended before its parent waited for it would make the sum fall.
      cpuMs = Math.max(cpuMs, family.reduce((sum, member) => sum + member.ticks, 0) * tickMs);
      let bytes = family.reduce((sum, member) => sum + member.residentPages, 0) * pageBytes;
      // Resident pages count shared ones once per process: look closer before that matters.
      if (bytes > Math.min(memoryLimit, peakBytes))
        bytes = family.reduce((sum, member) => sum + proportionalBytes(member.pid), 0);
      peakBytes = Math.max(peakBytes, bytes);
      memoryExceeded ||= bytes > memoryLimit;
      return { cpuMs, memoryPeakBytes: peakBytes, memoryExceeded };
    },
  };
};
