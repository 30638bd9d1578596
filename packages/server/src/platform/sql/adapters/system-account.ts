/** The system user of PostgreSQL when the server runs as root: PostgreSQL refuses root, and needs a passwd entry and accessible folders. */
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
 * The account, created when it is missing.
 * @throws Error with one line of advice when it can't be created
 */
export const ensureSystemAccount = async (name: string): Promise<SystemAccount> => {
  const found = await findSystemAccount(name);
  if (found !== undefined) return found;
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name]);
  } catch (error) {
    // When two servers start at once, one of them creates it and the other one finds it here.
    const made = await findSystemAccount(name);
    if (made !== undefined) return made;
    throw new Error(
      `PostgreSQL does not run as root and the system user "${name}" could not be created: create it, or start as another user.`,
      { cause: error },
    );
  }
  const made = await findSystemAccount(name);
  if (made === undefined) throw new Error(`useradd created no entry for "${name}" in /etc/passwd.`);
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
