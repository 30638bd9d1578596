/** Finds, starts and stops the PostgreSQL process of a data folder. */
import { spawn } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";
import { open, readdir, readFile, readlink, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { SystemAccount } from "./system-account.ts";

const POLL_MS = 20;
const LOG_LIMIT_BYTES = 10 * 1024 * 1024;

export type PostmasterOptions = {
  readonly program: string;
  readonly dataFolder: string;
  readonly socketFolder: string;
  readonly logFile: string;
  readonly account: SystemAccount | undefined;
  /** Settings (name -> value) beside those that durability and privacy need. */
  readonly settings: Readonly<Record<string, string>>;
  /** The database ends when the process that started it dies; for tests. Otherwise the next start adopts a running one. */
  readonly diesWithParent: boolean;
};

/** True while this process is a PostgreSQL that works in this data folder, according to /proc, because a pid file may be stale. */
export const worksIn = async (dataFolder: string, pid: number): Promise<boolean> => {
  try {
    const [folder, program] = await Promise.all([readlink(`/proc/${pid}/cwd`), readlink(`/proc/${pid}/exe`)]);
    return folder === dataFolder && /\/postgres(?: \(deleted\))?$/u.test(program);
  } catch {
    // The process has ended meanwhile or belongs to another user.
    return false;
  }
};

/** Process ids of every PostgreSQL process that works in this data folder. */
export const findPostgresProcesses = async (dataFolder: string): Promise<number[]> => {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    if (/^\d+$/u.test(name) && (await worksIn(dataFolder, Number(name)))) found.push(Number(name));
  }
  return found;
};

const readPidFile = async (dataFolder: string): Promise<string[]> =>
  (await readFile(join(dataFolder, "postmaster.pid"), "utf8").catch(() => "")).split("\n");

/** The postmaster of this data folder, when one runs. */
export const findPostmaster = async (dataFolder: string): Promise<number | undefined> => {
  const pid = Number.parseInt((await readPidFile(dataFolder))[0] ?? "", 10);
  return (await worksIn(dataFolder, pid)) ? pid : undefined;
};

/**
 * The socket folder of a running postmaster: the fifth line of its pid file, which is written after the first ones.
 * @returns undefined when the postmaster ended, or did not write it within the deadline
 */
export const findSocketFolder = async (
  dataFolder: string,
  pid: number,
  deadlineMs: number,
): Promise<string | undefined> => {
  const end = performance.now() + deadlineMs;
  while ((await worksIn(dataFolder, pid)) && performance.now() < end) {
    // A line without its end is still being written.
    const [first, , , , folder = "", ...rest] = await readPidFile(dataFolder);
    if (first === `${pid}` && folder !== "" && rest.length > 0) return folder;
    await sleep(POLL_MS);
  }
  return undefined;
};

const signal = (pid: number, name: NodeJS.Signals): void => {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
};

/** Waits until no process works in the data folder. @returns false when one still does after the deadline */
const waitUntilGone = async (dataFolder: string, deadlineMs: number): Promise<boolean> => {
  const end = performance.now() + deadlineMs;
  while ((await findPostgresProcesses(dataFolder)).length > 0) {
    if (performance.now() > end) return false;
    await sleep(POLL_MS);
  }
  return true;
};

/**
 * Removes the remains of a killed postmaster: its orphaned workers keep the shared memory, and a pid file whose number was
 * reused by another process would prevent the next start. Never changes a data folder whose postmaster runs.
 * @throws Error when a worker does not end after SIGKILL (it waits for a disk): a second database beside it would corrupt the data
 */
export const clearRemains = async (dataFolder: string): Promise<void> => {
  if ((await findPostmaster(dataFolder)) !== undefined) return;
  for (const name of ["SIGQUIT", "SIGKILL"] as const) {
    for (const pid of await findPostgresProcesses(dataFolder)) signal(pid, name);
    if (await waitUntilGone(dataFolder, 5_000)) break;
  }
  const left = await findPostgresProcesses(dataFolder);
  if (left.length > 0) throw new Error(`Processes of the previous database do not end: ${left.join(", ")}.`);
  await rm(join(dataFolder, "postmaster.pid"), { force: true });
};

const openLog = async (path: string) => {
  const log = await open(path, "a", 0o600);
  if ((await log.stat()).size > LOG_LIMIT_BYTES) await truncate(path);
  return log;
};

/** Starts a postmaster in its own session, so that a terminal's Ctrl-C does not reach it. @returns its exit, when it ends. */
export const startPostmaster = async (
  options: PostmasterOptions,
): Promise<{ readonly pid: number; readonly exited: Promise<void> }> => {
  const settings: Record<string, string> = {
    ...options.settings,
    listen_addresses: "",
    unix_socket_directories: options.socketFolder,
    unix_socket_permissions: "0700",
  };
  const postgres = [
    options.program,
    "-D",
    options.dataFolder,
    ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
  ];
  const ids =
    options.account === undefined
      ? []
      : ["--reuid", `${options.account.uid}`, "--regid", `${options.account.gid}`, "--clear-groups"];
  const [command = options.program, ...rest] = options.diesWithParent
    ? ["setpriv", ...ids, "--pdeathsig", "QUIT", ...postgres]
    : postgres;
  const log = await openLog(options.logFile);
  try {
    const child = spawn(command, rest, {
      cwd: options.dataFolder,
      detached: true,
      stdio: ["ignore", log.fd, log.fd],
      env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" },
      ...(options.account === undefined || options.diesWithParent ? {} : options.account),
    });
    child.unref();
    const exited = new Promise<void>((resolve) => void child.once("exit", () => resolve()));
    await new Promise<void>((resolve, reject) => void child.once("spawn", resolve).once("error", reject));
    return { pid: child.pid ?? 0, exited };
  } finally {
    await log.close();
  }
};

/** Immediate shutdown without waiting for its end, before a forced exit: the next start recovers from the write-ahead log. */
export const endPostmasterNow = (dataFolder: string): void => {
  try {
    const pid = Number.parseInt(readFileSync(join(dataFolder, "postmaster.pid"), "utf8"), 10);
    if (readlinkSync(`/proc/${pid}/cwd`) === dataFolder) signal(pid, "SIGQUIT");
  } catch {
    // It has ended already.
  }
};

/** Fast shutdown: open transactions roll back, a checkpoint is written. After the deadline an immediate one, which loses no acknowledged commit. */
export const stopPostmaster = async (dataFolder: string, deadlineMs: number): Promise<void> => {
  for (const [name, waitMs] of [
    ["SIGINT", deadlineMs],
    ["SIGQUIT", 5_000],
  ] as const) {
    const pid = await findPostmaster(dataFolder);
    if (pid === undefined) break;
    signal(pid, name);
    if (await waitUntilGone(dataFolder, waitMs)) return;
  }
  await clearRemains(dataFolder);
};
