/**
 * The lock file beside PostgreSQL's socket. For PostgreSQL the lock is valid as long as a process with its id exists, even a zombie or,
 * after a restart of a container, an unrelated program. Atelier has a lock of its own on a data folder, so stale files are removed before a
 * start.
 */
import { readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findPostgresProcesses } from "./postmaster.ts";

const SOCKET = ".s.PGSQL.5432";
/** A server that is stopping needs some time to release its lock. */
const PATIENCE_MS = 2_000;
const POLL_MS = 50;
const NOBODY_LISTENS = new Set(["ECONNREFUSED", "ENOENT", "ENOTSOCK"]);

/** Two servers on one data folder: the second one stops before it changes anything. */
export class DataFolderInUse extends Error {
  override readonly name = "DataFolderInUse";
}

/** False only when it is certain: a PostgreSQL whose processes are invisible (another container on the same volume) responds here too. */
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
 * Removes the lock of a dead server of this data folder. PostgreSQL itself checks the lock of another data folder.
 * @throws DataFolderInUse when a PostgreSQL of this data folder runs, according to the visible processes or its socket
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
  // The second line names the data folder; a file that is incomplete because of a full disk has none.
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
