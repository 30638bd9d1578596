/** Reads the host's processes: descendants, their usage, and how to end them. Trusts only numbers from /proc. */
import { readdirSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** One line of /proc/<pid>/stat, as far as it is needed. Times are in clock ticks of 10 ms. */
export type HostProcess = {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly ticks: number;
  readonly residentPages: number;
  /** Distinguishes two processes that had the same pid. */
  readonly startTicks: number;
};

const readText = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // The process has ended, or is not visible to this user.
    return undefined;
  }
};

/** A process by its number; undefined when there is none. */
export const readProcess = (pid: number): HostProcess | undefined => {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  // The name in parentheses is chosen by the program and may contain anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid,
    parent: field(4),
    state: fields[0] ?? "?",
    ticks: field(14) + field(15) + field(16) + field(17),
    residentPages: field(24),
    startTicks: field(22),
  };
};

/** Every process that can be seen. */
export const listProcesses = (): HostProcess[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((process) => process !== undefined);

/** The processes below `root`, and itself, that have not ended. */
export const familyOf = (root: number, processes: readonly HostProcess[] = listProcesses()): HostProcess[] => {
  const byParent = Map.groupBy(processes, (process) => process.parent);
  const family = processes.filter((process) => process.pid === root);
  for (const member of family) family.push(...(byParent.get(member.pid) ?? []));
  return family.filter((process) => process.state !== "Z");
};

/** The proportional set size (PSS) of this process in bytes; 0 when the process is gone. */
export const proportionalBytes = (pid: number): number => {
  const match = /^Pss:\s+(\d+) kB/mu.exec(readText(`/proc/${pid}/smaps_rollup`) ?? "");
  return match === null ? 0 : Number(match[1]) * 1024;
};

/** The processes whose program's name matches `tool` and whose arguments contain `text`. */
export const processesNaming = (text: string, tool: RegExp): number[] =>
  listProcesses()
    .filter((process) => process.pid !== globalThis.process.pid && process.state !== "Z")
    .filter((process) => {
      const [name, ...rest] = (readText(`/proc/${process.pid}/cmdline`) ?? "").split("\0");
      return tool.test(basename(name ?? "")) && rest.some((argument) => argument.includes(text));
    })
    .map((process) => process.pid);

/** Whether a number names one process: zero and negative ones name groups, this server's own among them, and 1 is the machine's init. */
const isOneProcess = (pid: number): boolean => Number.isSafeInteger(pid) && pid > 1;

/** Sends SIGKILL to each; skips those that are gone, not ours, or no single process. */
export const killProcesses = (pids: readonly number[]): void => {
  for (const pid of pids.filter(isOneProcess)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ESRCH" && code !== "EPERM") throw error;
    }
  }
};

/** Whether this very process (not a later one with its number) still lives. */
export const isAlive = (member: HostProcess): boolean => {
  const now = readProcess(member.pid);
  return now !== undefined && now.startTicks === member.startTicks && now.state !== "Z";
};

/** Polls `empty` until it holds; false after the deadline. */
export const waitUntil = async (empty: () => boolean, timeoutMs: number): Promise<boolean> => {
  const deadline = performance.now() + timeoutMs;
  for (let pauseMs = 1; !empty(); pauseMs = Math.min(pauseMs * 2, 20)) {
    if (performance.now() > deadline) return false;
    await delay(pauseMs);
  }
  return true;
};
