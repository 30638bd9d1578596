/** The PostgreSQL of a test server's data folder: a server that was killed leaves it running. */
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { findPostmaster, stopPostmaster } from "../../packages/server/src/platform/sql/adapters/postmaster.ts";

const STOP_MS = 10_000;

/** PostgreSQL's own folder in a data folder, without links, as the kernel names a working directory. */
const databaseFolder = (dataDir: string): Promise<string | undefined> =>
  realpath(join(dataDir, "postgres", "data")).catch(() => undefined);

/** The postmaster that really runs in this data folder, whatever its pid file says. */
export const findDatabase = async (dataDir: string): Promise<number | undefined> => {
  const folder = await databaseFolder(dataDir);
  return folder === undefined ? undefined : findPostmaster(folder);
};

/** Ends what a crashed server left running there. @throws Error when it outlives SIGKILL */
export const endOrphanedDatabase = async (dataDir: string): Promise<void> => {
  const folder = await databaseFolder(dataDir);
  if (folder !== undefined) await stopPostmaster(folder, STOP_MS);
};
