/** What the figures were measured on, and how much CPU the whole machine spent. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism, cpus, release, totalmem } from "node:os";

/** The distribution's Python itself: a version manager's shim in front of it would make us look better than we are. */
export const SYSTEM_PYTHON = existsSync("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

export const describeMachine = (): string => {
  const model = cpus()[0]?.model.trim() ?? "unknown CPU";
  const memoryGiB = (totalmem() / 2 ** 30).toFixed(0);
  return `${availableParallelism()} x ${model}, ${memoryGiB} GiB, Linux ${release()}, Node ${process.version}`;
};

/** CPU milliseconds that all processes together have used since boot (user, nice, system, irq, softirq; not idle, not steal). */
export const machineCpuMs = async (): Promise<number> => {
  const [total = ""] = (await readFile("/proc/stat", "utf8")).split("\n");
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = total.split(/\s+/u).slice(1).map(Number);
  // The kernel counts in ticks of 1/100 s wherever Node runs.
  return (user + nice + system + irq + softirq) * 10;
};
