/** Finds what a stopped server should have taken with it: processes, mounts, cgroups. */
import { readdir, readFile, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { cgroupParentName } from "../../packages/server/src/modules/execution/sandbox/sandbox-home.ts";

/** Command lines of living processes whose command line or environment names the data folder. */
export const processesNaming = async (dataDir: string): Promise<string[]> => {
  const found: string[] = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/u.test(entry) || Number(entry) === process.pid) continue;
    const commandLine = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    const environment = await readFile(`/proc/${entry}/environ`, "utf8").catch(() => "");
    if (commandLine.includes(dataDir) || environment.includes(`DATA_DIR=${dataDir}`)) {
      found.push(`${entry} ${commandLine.replaceAll("\0", " ")}`);
    }
  }
  return found;
};

/** Mount points that name the data folder. */
export const mountsNaming = async (dataDir: string): Promise<string[]> => {
  const mounts = await readFile("/proc/self/mountinfo", "utf8");
  return mounts.split("\n").filter((mount) => mount.includes(dataDir));
};

const walk = async (folder: string, names: ReadonlySet<string>, found: string[]): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = `${folder}/${entry.name}`;
    if (names.has(entry.name)) found.push(path);
    await walk(path, names, found);
  }
};

/** The cgroups of the sandboxes of one data folder, in every hierarchy. */
export const cgroupsOf = async (dataDir: string): Promise<string[]> => {
  const names = new Set(["gvisor", "namespaces"].map((tier) => cgroupParentName(join(dataDir, "sandboxes", tier))));
  const found: string[] = [];
  await walk("/sys/fs/cgroup", names, found);
  return found;
};

const removeCgroup = async (folder: string): Promise<void> => {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await removeCgroup(`${folder}/${entry.name}`);
  await rmdir(folder);
};

/** What a killed server's next start would do: its sandboxes died with it, their cgroups stay. @throws Error where one is in use */
export const removeCgroupsOf = (dataDir: string): Promise<void> =>
  // A process leaves its cgroup a moment after it has died.
  eventually(async () => {
    for (const folder of await cgroupsOf(dataDir)) await removeCgroup(folder);
  });
