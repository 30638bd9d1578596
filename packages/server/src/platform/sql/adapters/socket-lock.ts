/**
 * The lock file beside PostgreSQL's socket. PostgreSQL believes the lock as long as a process with the noted id exists, even a zombie or,
 * after a restart of a container, an unrelated program. Atelier's own lock says which server works in a data folder, so stale files are
 * removed before a start.
 */
import { readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findPostgresProcesses } from "./postmaster.ts";

const SOCKET = ".s.PGSQL.5432";
/** A server that is stopping needs a moment to release its lock. */
const PATIENCE_MS = 2_000;
const POLL_MS = 50;
const NOBODY_LISTENS = new Set(["ECONNREFUSED", "ENOENT", "ENOTSOCK"]);

/** Two servers on one data folder: the second one stops before it changes anything. */
export class DataFolderInUse extends Error {
  override readonly name = "DataFolderInUse";
}

/** False only when it is certain: a PostgreSQL that we cannot see (another container on the same volume) answers here too. */
const isListening = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path);
    const answer = (listens: boolean): void => {
      socket.destroy();
      resolve(listens);
    };
    socket.once("connect", () => answer(true));
    socket.once("error", (error: NodeJS.ErrnoException) => answer(!NOBODY_LISTENS.has(error.code ?? "")));
  });

/**
 * Removes the lock of a dead server of this data folder. A lock of another data folder stays: PostgreSQL decides about it.
 * @throws DataFolderInUse when a PostgreSQL of this data folder lives, judged by the visible processes or by its socket.
 */
export const clearSocketLock = async (options: {
  readonly dataFolder: string;
  readonly socketFolder: string;
  readonly findProcesses?: typeof findPostgresProcesses;
}): Promise<void> => {
  const { dataFolder, findProcesses = findPostgresProcesses } = options;
  const socket = join(options.socketFolder, SOCKET);
  const lock = await readFile(`${socket}.lock`, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  // The second line names the data folder; a file that a full disk cut short has none, and names no folder.
  const folder = lock?.split("\n")[1] ?? "";
  if (lock === undefined || (folder !== "" && folder !== dataFolder)) return;
  const end = performance.now() + PATIENCE_MS;
  while ((await findProcesses(dataFolder)).length > 0 || (await isListening(socket))) {
    if (performance.now() > end)
      throw new DataFolderInUse(`A PostgreSQL of the data folder ${dataFolder} is running and can't be taken over.`);
    await sleep(POLL_MS);
  }
  await rm(`${socket}.lock`, { force: true });
  await rm(socket, { force: true });
};
