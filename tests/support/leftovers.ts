/** Finds what a stopped server should have taken with it: processes, mounts, cgroups. */
import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { cgroupParentName } from "../../packages/server/src/platform/sandboxes/machine/host-resources.ts";

/** Command lines of living processes whose command line, DATA_DIR or TMPDIR has the folder. */
export const processesNaming = async (folder: string): Promise<string[]> => {
  const found: string[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/u.test(entry) || Number(entry) === process.pid) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    const environment = await readFile(`/proc/${entry}/environ`, "utf8").catch(() => "");
    if (
      commandLine.includes(folder) ||
      environment.includes(`DATA_DIR=${folder}`) ||
      environment.includes(`TMPDIR=${folder}`)
    ) {
      found.push(`${entry} ${commandLine.replaceAll("\0", " ")}`);
    }
  }
  return found;
};

/** Mount points whose path has the folder. */
export const mountsNaming = async (folder: string): Promise<string[]> => {
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  return mounts.split("\n").filter((mount) => mount.includes(folder));
};

const walk = async (folder: string, isWanted: (name: string) => boolean, found: string[]): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = `${folder}/${entry.name}`;
    if (isWanted(entry.name)) found.push(path);
    await walk(path, isWanted, found);
  }
};

/** The paths of cgroups by name, in every hierarchy; a cgroup comes before its children. */
export const cgroupsNamed = async (isWanted: (name: string) => boolean): Promise<string[]> => {
  const found: string[] = [];
  await walk("/sys/fs/cgroup", isWanted, found);
  return found;
};

/** The cgroups of the sandboxes of one data folder, in every hierarchy. */
export const cgroupsOf = (dataDir: string): Promise<string[]> => {
  const names = new Set(["gvisor", "namespaces"].map((tier) => cgroupParentName(join(dataDir, "sandboxes", tier))));
  return cgroupsNamed((name) => names.has(name));
};

/** Removes a cgroup and its children; one that is already gone counts as removed. @throws Error when one is in use */
export const removeCgroup = async (folder: string): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const entry of entries) if (entry.isDirectory()) await removeCgroup(`${folder}/${entry.name}`);
  await rmdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
};

/** What a killed server's next start would do: its sandboxes died with it, their cgroups stay. @throws Error where one is in use */
export const removeCgroupsOf = (dataDir: string): Promise<void> =>
  // A process leaves its cgroup a moment after it has died.
  eventually(async () => {
    for (const folder of await cgroupsOf(dataDir)) await removeCgroup(folder);
  });
