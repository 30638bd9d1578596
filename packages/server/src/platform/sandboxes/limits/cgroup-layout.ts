/** Finds the folders in which this process may create cgroups: version 1, version 2 or both mounted side by side. */
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { familyOf, listProcesses } from "../machine/host-processes.ts";

/** Folders under which one folder per sandbox is made; each controller has its own, or all share one (version 2). */
export type CgroupLayout = {
  readonly version: 1 | 2;
  readonly memory: string;
  readonly cpu: string;
  readonly cpuacct: string;
  /** This part of the hierarchy was delegated to the server, and contains only it and the sandboxes. Absent: the layout is at the top. */
  readonly isDelegated?: true;
  /** An outer limit; init limits a program's own processes. */
  readonly pids: string | undefined;
};

type Hierarchy = {
  readonly mount: string;
  readonly own: string;
  readonly controllers: readonly string[];
  readonly version: 1 | 2;
};

/** The kernel's information about mounted cgroups; replaced in tests. */
export type CgroupSources = { readonly mountinfo: string; readonly cgroup: string };

const readSources = (): CgroupSources => ({
  mountinfo: readFileSync("/proc/self/mountinfo", "utf8"),
  cgroup: readFileSync("/proc/self/cgroup", "utf8"),
});

const ownPath = (cgroup: string, controllers: readonly string[], version: 1 | 2): string => {
  for (const line of cgroup.split("\n")) {
    const [id, names, ...path] = line.split(":");
    const wanted = version === 2 ? id === "0" : (names ?? "").split(",").some((name) => controllers.includes(name));
    if (wanted) return path.join(":");
  }
  return "/";
};

/** The mounted hierarchies that carry controllers of interest. */
export const readHierarchies = ({ mountinfo, cgroup }: CgroupSources): Hierarchy[] =>
  mountinfo.split("\n").flatMap((line): Hierarchy[] => {
    const [before, after] = line.split(" - ");
    const fields = before?.split(" ") ?? [];
    const [type, , options] = after?.split(" ") ?? [];
    const root = fields[3];
    const mount = fields[4];
    if (mount === undefined || root === undefined || (type !== "cgroup" && type !== "cgroup2")) return [];
    const version = type === "cgroup2" ? 2 : 1;
    const controllers = version === 1 ? (options ?? "").split(",") : [];
    const path = ownPath(cgroup, controllers, version);
    // In a container the mount may show only a part of the hierarchy.
    const own = root !== "/" && path.startsWith(root) ? path.slice(root.length) : path;
    return [{ mount, own: resolve(mount, `.${own}`), controllers, version }];
  });

const canMakeFolder = (folder: string): boolean => {
  try {
    // A unique name: a process in another container may have the same id, and a collision would disable cgroups.
    rmdirSync(mkdtempSync(join(folder, "atelier-probe-")));
    return true;
  } catch {
    return false;
  }
};

const parentOf = (hierarchy: Hierarchy | undefined): string | undefined =>
  hierarchy === undefined ? undefined : [hierarchy.own, hierarchy.mount].find(canMakeFolder);

const delegation = (folder: string, hierarchy: Hierarchy | undefined): Pick<CgroupLayout, "isDelegated"> =>
  folder === hierarchy?.mount ? {} : { isDelegated: true };

const versionOne = (hierarchies: readonly Hierarchy[]): CgroupLayout | undefined => {
  const hierarchyOf = (name: string): Hierarchy | undefined =>
    hierarchies.find(({ version, controllers }) => version === 1 && controllers.includes(name));
  const find = (name: string): string | undefined => parentOf(hierarchyOf(name));
  const memory = find("memory");
  const cpu = find("cpu");
  const cpuacct = find("cpuacct");
  if (memory === undefined || cpu === undefined || cpuacct === undefined) return undefined;
  return { version: 1, memory, cpu, cpuacct, pids: find("pids"), ...delegation(cpu, hierarchyOf("cpu")) };
};

const wantedControllers = ["memory", "cpu", "pids"];

const readWords = (path: string): string[] => readFileSync(path, "utf8").split(/\s+/u).filter(Boolean);

/** The leaf into which a server steps. */
const serverLeaf = "atelier-server";
/** While processes are moved out of a cgroup, they may start others in it. */
const movingRounds = 10;

const moveProcesses = (from: string, to: string): void => {
  mkdirSync(to, { recursive: true });
  for (let round = 0; round < movingRounds; round += 1) {
    const pids = readWords(join(from, "cgroup.procs"));
    if (pids.length === 0) return;
    for (const pid of pids) {
      try {
        writeFileSync(join(to, "cgroup.procs"), pid);
      } catch (error) {
        // It has ended since it was listed.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
      }
    }
  }
};

/**
 * Enables the available controllers for child cgroups, and returns them; undefined when memory and CPU cannot be enabled. A cgroup with
 * processes cannot enable controllers for children, so the server's processes move into a leaf first.
 */
const enableControllers = (folder: string, mayMoveProcesses: () => boolean): readonly string[] | undefined => {
  const available = readWords(join(folder, "cgroup.controllers"));
  const wanted = wantedControllers.filter((name) => available.includes(name));
  if (!wanted.includes("memory") || !wanted.includes("cpu")) return undefined;
  const control = join(folder, "cgroup.subtree_control");
  if (wanted.every((name) => readWords(control).includes(name))) return wanted;
  const enable = (): void => writeFileSync(control, wanted.map((name) => `+${name}`).join(" "));
  try {
    enable();
    return wanted;
  } catch {
    if (!mayMoveProcesses()) return undefined;
  }
  try {
    moveProcesses(folder, join(folder, serverLeaf));
    enable();
    return wanted;
  } catch {
    return undefined;
  }
};

/** Whether a cgroup contains only this process, its ancestors and its descendants. */
const holdsOnlyRelatives = (folder: string): boolean => {
  const processes = listProcesses();
  const parents = new Map(processes.map(({ pid, parent }) => [pid, parent]));
  const relatives = new Set(familyOf(process.pid, processes).map(({ pid }) => pid));
  for (let pid = process.ppid; pid > 0 && !relatives.has(pid); pid = parents.get(pid) ?? 0) relatives.add(pid);
  return readWords(join(folder, "cgroup.procs")).every((pid) => relatives.has(Number(pid)));
};

/** Whether processes may be moved within a cgroup: not in a login session, and only if it has no unrelated processes. */
const mayRearrange = (folder: string, mount: string): boolean => {
  const name = basename(folder);
  if (/^session-.*\.scope$/u.test(name)) return false;
  // A unit contains only the server. A scope may belong to a terminal, and the mount's root to a container.
  return name.endsWith(".scope") || folder === mount ? holdsOnlyRelatives(folder) : true;
};

/** The cgroup that was delegated to this server, which an earlier detection may have moved into the leaf. */
const givenFolder = ({ own }: Hierarchy): string => (basename(own) === serverLeaf ? dirname(own) : own);

const versionTwo = (hierarchies: readonly Hierarchy[]): CgroupLayout | undefined => {
  const hierarchy = hierarchies.find(({ version }) => version === 2);
  if (hierarchy === undefined) return undefined;
  const { mount } = hierarchy;
  for (const folder of new Set([givenFolder(hierarchy), mount])) {
    try {
      accessSync(join(folder, "cgroup.procs"), constants.W_OK);
      const mayMove = (): boolean => folder === givenFolder(hierarchy) && mayRearrange(folder, mount);
      const enabled = canMakeFolder(folder) ? enableControllers(folder, mayMove) : undefined;
      if (enabled === undefined) continue;
      // A unit may delegate memory and CPU alone.
      const pids = enabled.includes("pids") ? folder : undefined;
      return { version: 2, memory: folder, cpu: folder, cpuacct: folder, pids, ...delegation(folder, hierarchy) };
    } catch {
      // No right to create cgroups here: try the next folder.
    }
  }
  return undefined;
};

/** The layout, or undefined where memory and CPU cannot both be limited. */
export const findCgroupLayout = (sources: CgroupSources = readSources()): CgroupLayout | undefined => {
  const hierarchies = readHierarchies(sources);
  return versionOne(hierarchies) ?? versionTwo(hierarchies);
};
