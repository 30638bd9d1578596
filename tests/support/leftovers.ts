/** Finds what a stopped server should have taken with it: processes, mounts, cgroups. */
import { readdir, readFile } from "node:fs/promises";

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

const walk = async (folder: string, found: string[]): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    const path = `${folder}/${entry.name}`;
    if (/atelier/u.test(entry.name)) found.push(path);
    await walk(path, found);
  }
};

/** Our cgroups, in every hierarchy; the one that the test runner itself may live in is left out. */
export const ourCgroups = async (): Promise<string[]> => {
  const found: string[] = [];
  await walk("/sys/fs/cgroup", found);
  return found;
};
