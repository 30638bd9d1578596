/** The folders of the bundled PostgreSQL: creates and initialises them once, with the right owner. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, chown, lstat, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Log } from "#kernel/log";
import { findClosedFolder, type SystemAccount } from "./system-account.ts";

const run = promisify(execFile);

const MAJOR_VERSION = "18";
/** sun_path has 108 bytes with the final NUL; PostgreSQL appends `/.s.PGSQL.5432`. */
const LONGEST_SOCKET_FOLDER_BYTES = 107 - "/.s.PGSQL.5432".length;

export type PostgresFolders = {
  /** All files of the database, private to its account. */
  readonly root: string;
  readonly data: string;
  readonly logFile: string;
};

const makePrivate = async (folder: string, account: SystemAccount | undefined): Promise<void> => {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (account !== undefined) await chown(folder, account.uid, account.gid);
  await chmod(folder, 0o700);
};

/**
 * Creates `<dataDir>/postgres`, owned by the account.
 * @throws Error with a message of one line when the account can't enter a folder above it
 */
export const makePostgresFolders = async (
  dataDir: string,
  account: SystemAccount | undefined,
): Promise<PostgresFolders> => {
  await mkdir(dataDir, { recursive: true, mode: 0o711 });
  const root = join(dataDir, "postgres");
  if (account !== undefined) {
    const { mode } = await stat(dataDir);
    // Others can enter the folder to reach their own subfolders, but can't list it.
    if ((mode & 0o001) === 0) await chmod(dataDir, mode | 0o001);
    const closed = await findClosedFolder(dataDir, account);
    if (closed !== undefined) {
      throw new Error(
        `PostgreSQL's system user can't enter ${closed}: put DATA_DIR elsewhere, or run chmod o+x on it.`,
      );
    }
  }
  await makePrivate(root, account);
  return { root, data: join(root, "data"), logFile: join(root, "postgres.log") };
};

/**
 * A folder for the socket whose path is short enough: inside the data folder, else a private one in a runtime folder.
 * @param runtimeFolders folders with short paths to try in order, such as XDG_RUNTIME_DIR
 */
export const makeSocketFolder = async (
  root: string,
  account: SystemAccount | undefined,
  runtimeFolders: readonly string[],
): Promise<string> => {
  const name = `atelier-${createHash("sha256").update(root).digest("hex").slice(0, 12)}`;
  const candidates = [join(root, "socket"), ...[...runtimeFolders, tmpdir()].map((folder) => join(folder, name))];
  const refusals: string[] = [];
  for (const candidate of candidates) {
    if (Buffer.byteLength(candidate) > LONGEST_SOCKET_FOLDER_BYTES) {
      refusals.push(`${candidate}: too long`);
      continue;
    }
    try {
      await makePrivate(candidate, account);
      // In a shared temporary folder another user could have created a link here before.
      const { uid } = await lstat(candidate);
      if (uid === (account?.uid ?? process.getuid?.())) return candidate;
      refusals.push(`${candidate}: belongs to another user`);
    } catch (error) {
      refusals.push(`${candidate}: ${(error as Error).message}`);
    }
  }
  throw new Error(`No folder for PostgreSQL's socket: ${refusals.join("; ")}.`);
};

/**
 * Initialises the data folder once, with checksums. An incomplete one from a crash is deleted first.
 * @throws Error when the folder belongs to another major version
 */
export const initialiseData = async (options: {
  readonly initdb: string;
  readonly data: string;
  readonly superuser: string;
  readonly account: SystemAccount | undefined;
  readonly log: Log;
}): Promise<void> => {
  const version = await readFile(join(options.data, "PG_VERSION"), "utf8").catch(() => undefined);
  if (version !== undefined) {
    if (version.trim() === MAJOR_VERSION) return;
    throw new Error(
      `${options.data} was created by PostgreSQL ${version.trim()}, this is ${MAJOR_VERSION}: export with the old version and import here.`,
    );
  }
  const partial = `${options.data}.partial`;
  await rm(partial, { recursive: true, force: true });
  options.log.info("postgres.initialising", { folder: options.data });
  await run(
    options.initdb,
    [
      `--pgdata=${partial}`,
      `--username=${options.superuser}`,
      "--encoding=UTF8",
      "--locale-provider=builtin",
      "--builtin-locale=C.UTF-8",
      "--locale=C",
      "--auth-local=trust",
      "--auth-host=reject",
      "--data-checksums",
      "--no-instructions",
    ],
    { cwd: "/", env: { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" }, ...options.account },
  );
  await rename(partial, options.data);
  options.log.info("postgres.initialised", { folder: options.data });
};
