/** The system user that PostgreSQL runs as when we are root: it refuses root, and needs a passwd entry and folders it can enter. */
import { execFile } from "node:child_process";
import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export type SystemAccount = { readonly uid: number; readonly gid: number };

/** The account's ids from the passwd file; undefined when there is no such account. */
export const findSystemAccount = async (name: string): Promise<SystemAccount | undefined> => {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n");
  const fields = lines.map((line) => line.split(":")).find(([account]) => account === name);
  return fields === undefined ? undefined : { uid: Number(fields[2]), gid: Number(fields[3]) };
};

/**
 * The account, made when it is missing.
 * @throws Error with one line on what to do when it can't be made.
 */
export const ensureSystemAccount = async (name: string): Promise<SystemAccount> => {
  const found = await findSystemAccount(name);
  if (found !== undefined) return found;
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]);
  } catch (error) {
    // Two servers starting at once both try; the loser finds what the winner made.
    const made = await findSystemAccount(name);
    if (made !== undefined) return made;
    throw new Error(
      `PostgreSQL does not run as root and the system user "${name}" could not be made: create it, or start as another user.`,
      { cause: error },
    );
  }
  const made = await findSystemAccount(name);
  if (made === undefined) throw new Error(`useradd made no entry for "${name}" in /etc/passwd.`);
  return made;
};

/** The first folder on the way to `path` (itself included) that the account can't enter; undefined when it can enter all. */
export const findClosedFolder = async (path: string, account: SystemAccount): Promise<string | undefined> => {
  for (let folder = path; ; folder = dirname(folder)) {
    const { mode, uid, gid } = await stat(folder);
    const execute = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001;
    if ((mode & execute) === 0) return folder;
    if (folder === "/") return undefined;
  }
};
