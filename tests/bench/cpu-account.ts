/** CPU time of this process and all that it starts: its own cgroup where one can be made, else the whole machine. */
import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nameOfRun } from "../../scripts/lib/watched-run.mjs";
import { machineCpuMs } from "./machine.ts";

export type CpuAccount = {
  /** What is counted, for the report. */
  readonly scope: string;
  /** Milliseconds so far. */
  cpuMs(): Promise<number>;
  /** Moves this process back; whatever it started has to have ended. */
  close(): void;
};

const hierarchy = "/sys/fs/cgroup/cpuacct";

const removeFolders = (folder: string): void => {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeFolders(join(folder, entry.name));
  }
  rmdirSync(folder);
};

/** A version 1 group leaves out other programs' time, but also what the kernel does later on nobody's account. */
export const openCpuAccount = (): CpuAccount => {
  const group = join(hierarchy, nameOfRun("bench"));
  const enter = (folder: string): void => writeFileSync(join(folder, "cgroup.procs"), String(process.pid));
  try {
    mkdirSync(group);
    enter(group);
  } catch {
    return { scope: "the whole machine", cpuMs: machineCpuMs, close: () => undefined };
  }
  return {
    scope: "the server, its database and its sandboxes",
    cpuMs: () => Promise.resolve(Number(readFileSync(join(group, "cpuacct.usage"), "utf8")) / 1e6),
    close() {
      enter(hierarchy);
      try {
        removeFolders(group);
      } catch (error) {
        // Something that a benchmark started has not ended yet; the empty group costs nothing.
        process.stderr.write(`${group} stays: ${String(error)}\n`);
      }
    },
  };
};
