/**
 * The lock file beside PostgreSQL's socket. PostgreSQL believes it as long as any process has the number in it, also a dead one
 * that nobody has reaped and, after a restart of a container, a program that has nothing to do with it. We know better who
 * works in a data folder, and remove what is stale before a start.
 */
import { readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findPostgresProcesses } from "./postmaster.ts";

const SOCKET = ".s.PGSQL.5432";
/** A server that is ending needs a moment to let go. */
const PATIENCE_MS = 2_000;
const POLL_MS = 50;
const NOBODY_LISTENS = new Set(["ECONNREFUSED", "ENOENT", "ENOTSOCK"]);

/** Two servers on one data folder: the second one stops before it touches anything. */
export class DataFolderInUse extends Error {
  override readonly name = "DataFolderInUse";
}

/** False only when it is certain: somebody out of our sight (another container on the same volume) answers here too. */
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
 * Removes the lock of a dead server of this data folder. That of another data folder stays: PostgreSQL decides about it.
 * @throws DataFolderInUse when a PostgreSQL of this data folder lives, by the processes that we see or by its socket.
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
  // The second line is the data folder; a file that was cut short by a full disk has none and belongs to nobody.
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
