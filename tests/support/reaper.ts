/**
 * Ends the processes that a run of tests, benchmarks or crash tests left behind: `node reaper.ts <run folder>`, started by
 * scripts/lib/watched-run.mjs, which keeps the other end of standard input open during the run.
 */
import { existsSync, readFileSync, readlinkSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../../scripts/lib/command.mjs";
import { cgroupParentName } from "../../packages/server/src/platform/sandboxes/machine/host-resources.ts";
import { cgroupsNamed, cgroupsOf, removeCgroup } from "./leftovers.ts";

/** Time for a server to end its sandboxes and its database; after it the server is killed. */
const DRAIN_MS = 20_000;
/** A killed process is gone at once, unless the kernel is busy with it. */
const KILL_MS = 10_000;
const LOOK_EVERY_MS = 50;
/** How deep below the run folder a sandbox provider's state may be. */
const STATE_DEPTH = 5;

const folder = process.argv[2] ?? "";
if (!existsSync(join(folder, ".watched"))) throw new Error(`${folder} is not a run folder`);

type Kind = "server" | "database" | "sandbox" | "other";
type Member = { readonly pid: number; readonly kind: Kind };

const readOr = (path: string): string => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
};

const kindOf = (commandLine: string): Kind => {
  const [program = ""] = commandLine.split("\0");
  if (commandLine.includes("packages/server/src/main.ts")) return "server";
  if (/(?:^|\/)postgres$/u.test(program) || program.startsWith("postgres:")) return "database";
  if (/(?:^|\/)(?:bwrap|runsc|runsc-\w+|exe|init-\w+)$/u.test(program)) return "sandbox";
  return "other";
};

const isInFolder = (path: string): boolean => path === folder || path.startsWith(`${folder}/`);

/** The run's processes: their TMPDIR is in the run folder, or their command line names a file in it. */
const members = (): Member[] => {
  const found: Member[] = [];
  for (const entry of readdirSync("/proc")) {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const commandLine = readOr(`/proc/${entry}/cmdline`);
    if (commandLine === "") continue;
    const environment = readOr(`/proc/${entry}/environ`).split("\0");
    const isOurs =
      commandLine.includes(`${folder}/`) ||
      environment.some((text) => text.startsWith("TMPDIR=") && isInFolder(text.slice("TMPDIR=".length)));
    if (isOurs) found.push({ pid, kind: kindOf(commandLine) });
  }
  return found;
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
};

/** Ends first the processes that start others, so that no new ones appear; servers then end their sandboxes and databases in order. */
const endProcesses = async (): Promise<void> => {
  const asked = new Set<number>();
  const ask = (pid: number, name: NodeJS.Signals): void => {
    if (asked.has(pid)) return;
    asked.add(pid);
    signal(pid, name);
  };
  const drainUntil = performance.now() + DRAIN_MS;
  for (;;) {
    const left = members();
    if (left.length === 0) return;
    const hasServer = left.some(({ kind }) => kind === "server");
    const isLate = performance.now() > drainUntil;
    for (const { pid, kind } of left) {
      if (isLate || kind === "other") signal(pid, "SIGKILL");
      else if (kind === "server") ask(pid, "SIGTERM");
      else if (hasServer) continue;
      else if (kind === "database") ask(pid, "SIGINT");
      else signal(pid, "SIGKILL");
    }
    if (performance.now() > drainUntil + KILL_MS) {
      process.stderr.write(`reaper: ${left.map(({ pid }) => pid).join(" ")} cannot be ended\n`);
      return;
    }
    await delay(LOOK_EVERY_MS);
  }
};

/** Folders below the run folder where a sandbox provider recorded its cgroups. */
const stateFolders = (parent: string, depth: number): string[] => {
  if (depth === 0) return [];
  let entries;
  try {
    entries = readdirSync(parent, { withFileTypes: true });
  } catch {
    return [];
  }
  const below = entries.filter((entry) => entry.isDirectory()).map((entry) => join(parent, entry.name));
  return [
    ...(entries.some(({ name }) => name === "cgroups.json") ? [parent] : []),
    ...below.flatMap((path) => stateFolders(path, depth - 1)),
  ];
};

const removeCgroups = async (): Promise<void> => {
  const parents = new Set(stateFolders(folder, STATE_DEPTH).map(cgroupParentName));
  const own = `atelier-run-${folder.split("/").at(-1)}-`;
  const giveUpAt = performance.now() + KILL_MS;
  for (;;) {
    const left = await cgroupsNamed((name) => parents.has(name) || name.startsWith(own));
    const failures: unknown[] = [];
    for (const path of left) {
      for (const pid of readOr(join(path, "cgroup.procs")).split("\n").filter(Boolean)) signal(Number(pid), "SIGKILL");
      await removeCgroup(path).catch((error: unknown) => failures.push(error));
    }
    if (failures.length === 0) return;
    // A process leaves its cgroup a moment after its death.
    if (performance.now() > giveUpAt) {
      process.stderr.write(`reaper: ${left.join(" ")}: ${String(failures[0])}\n`);
      return;
    }
    await delay(LOOK_EVERY_MS);
  }
};

const removeMounts = async (): Promise<void> => {
  const points = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .flatMap((line) => line.split(" ")[4] ?? [])
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.toReversed()) await run("umount", ["--lazy", point]).catch(() => undefined);
};

/** The records of `removeWithRun` of watched-run.mjs. */
const registered = (kind: "folder" | "cgroups-of"): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith(`.${kind}-`))
    .map((name) => readlinkSync(join(folder, name)));

/** Another server may use a data folder of the same name: whatever is in use stays. */
const removeEmptyCgroups = async (): Promise<void> => {
  for (const dataDir of registered("cgroups-of"))
    for (const path of await cgroupsOf(dataDir)) await removeCgroup(path).catch(() => undefined);
};

const removeFiles = (): void => {
  for (const path of registered("folder")) rmSync(path, { recursive: true, force: true });
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
};

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, () => undefined);
for await (const _chunk of process.stdin) {
  // No data is ever sent: only the end of the pipe matters.
}
await endProcesses();
await removeCgroups();
await removeEmptyCgroups();
await removeMounts();
removeFiles();
