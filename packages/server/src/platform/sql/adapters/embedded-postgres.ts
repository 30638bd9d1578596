/** Supervises the bundled PostgreSQL: starts it, adopts it after a crash of the server, restarts it after a crash of PostgreSQL. */
import { readFile, realpath } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import { createDiskSpace } from "./disk-space.ts";
import { initialiseData, makePostgresFolders, makeSocketFolder, type PostgresFolders } from "./data-folder.ts";
import { preparePostgresProgram } from "./postgres-program.ts";
import {
  clearRemains,
  endPostmasterNow,
  findPostmaster,
  findSocketFolder,
  startPostmaster,
  stopPostmaster,
  worksIn,
} from "./postmaster.ts";
import { clearSocketLock, DataFolderInUse } from "./socket-lock.ts";
import { ensureSystemAccount, type SystemAccount } from "./system-account.ts";

const SUPERUSER = "atelier_admin";
const SERVER_ROLE = "atelier_server";
const DATABASE = "atelier";
/** Advisory lock of the server that uses this data folder, until it ends. */
const INSTANCE_LOCK = 5_287_310;
const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 20_000;
/** Timeout of an attempt to connect, because a hanging postmaster accepts connections and never responds. */
const CONNECT_TIMEOUT_MS = 10_000;

/** Settings for a small machine: full durability, little memory, few processes. */
const SETTINGS: Readonly<Record<string, string>> = {
  fsync: "on",
  full_page_writes: "on",
  synchronous_commit: "on",
  data_sync_retry: "off",
  // There are no replicas: backups will use a consistent COPY.
  wal_level: "minimal",
  max_wal_senders: "0",
  max_connections: "80",
  shared_buffers: "64MB",
  work_mem: "8MB",
  maintenance_work_mem: "64MB",
  max_wal_size: "1GB",
  io_method: "sync",
  max_parallel_workers_per_gather: "0",
  jit: "off",
  idle_in_transaction_session_timeout: "60s",
  log_min_messages: "warning",
  log_line_prefix: "%m [%p] ",
};

export type EmbeddedPostgresOptions = {
  /** DATA_DIR; the database is in its folder `postgres`. */
  readonly dataDir: string;
  readonly log: Log;
  /** The system user of PostgreSQL when this process is root. */
  readonly accountName?: string;
  /** Folders for the socket when the path in DATA_DIR is too long; first XDG_RUNTIME_DIR. */
  readonly runtimeFolders?: readonly string[];
  readonly settings?: Readonly<Record<string, string>>;
  readonly diesWithParent?: boolean;
};

export type EmbeddedPostgres = Component & {
  /** For the server's pools; a role without rights of its own. Valid after start. */
  readonly url: string;
  /** For migrations: the superuser. Valid after start. */
  readonly adminUrl: string;
  /** False while the disk is nearly full: the pools then only read, so that the database keeps running. */
  hasSpace(): boolean;
  /** Before a forced end of this process: stops the database immediately, which loses no acknowledged commit. */
  endNow(): void;
  /** The role behind `url`, to be made a member of the application roles. */
  readonly serverRole: string;
};

const urlOf = (user: string, database: string, socketFolder: string): string =>
  `postgresql://${user}@localhost/${database}?host=${encodeURIComponent(socketFolder)}`;

const tailOf = async (file: string): Promise<string> =>
  (await readFile(file, "utf8").catch(() => "")).trim().split("\n").slice(-3).join(" | ");

/** Error codes of a server that is not ready yet, or does not listen yet. */
const NOT_YET = new Set(["57P01", "57P02", "57P03", "ECONNREFUSED", "ENOENT", "ECONNRESET", "EPIPE"]);
const NOT_YET_TEXT = /terminated|timeout expired/u;

/**
 * Connects as soon as the server responds.
 * @param isGone whether the postmaster has ended, so that no connection is possible
 * @returns undefined when it ended first
 */
const connect = async (
  url: string,
  { isGone, onError }: { readonly isGone: () => Promise<boolean>; readonly onError: (error: Error) => void },
): Promise<pg.Client | undefined> => {
  const end = performance.now() + START_DEADLINE_MS;
  for (;;) {
    const client = new pg.Client({
      connectionString: url,
      keepAlive: true,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    });
    // Registered before connecting: without a listener a lost connection ends the process.
    client.on("error", onError);
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (await isGone()) return undefined;
      const retry = NOT_YET.has((error as { code?: string }).code ?? "") || NOT_YET_TEXT.test((error as Error).message);
      if (!retry || performance.now() > end) throw error;
      await sleep(25);
    }
  }
};

const ensureServerRole = async (admin: pg.Client): Promise<void> => {
  const role = await admin.query("select from pg_roles where rolname = $1", [SERVER_ROLE]);
  if (role.rowCount === 0) await admin.query(`create role ${SERVER_ROLE} login noinherit`);
  const database = await admin.query("select from pg_database where datname = $1", [DATABASE]);
  if (database.rowCount === 0) await admin.query(`create database ${DATABASE}`);
};

/** Retries for the lock, because the backend of a server that was just killed may still be closing. */
const holdInstance = async (admin: pg.Client, dataDir: string): Promise<void> => {
  for (let attempt = 0; attempt < 20; attempt++) {
    const { rows } = await admin.query<{ held: boolean }>("select pg_try_advisory_lock($1) as held", [INSTANCE_LOCK]);
    if (rows[0]?.held === true) return;
    await sleep(100);
  }
  throw new DataFolderInUse(`Another server is using the data folder ${dataDir}.`);
};

export const createEmbeddedPostgres = (options: EmbeddedPostgresOptions): EmbeddedPostgres => {
  const { log } = options;
  const disk = createDiskSpace({ folder: options.dataDir, log });
  let socketFolder = "";
  let guard: pg.Client | undefined;
  let folders: PostgresFolders | undefined;
  let stopping = false;
  /** This process has started the database of this data folder, or adopted it with its lock. */
  let isOurs = false;
  let restart: Promise<void> = Promise.resolve();
  let account: SystemAccount | undefined;
  let program = "";

  const onError = (error: Error): void => log.warn("postgres.connection-lost", { reason: error.message });

  const requireStarted = (): PostgresFolders => {
    if (folders === undefined) throw new Error("The bundled PostgreSQL was not started.");
    return folders;
  };

  /** @returns undefined when the postmaster has ended meanwhile: after a kill it looks alive until the kernel has removed it */
  const adopt = async (data: string, pid: number): Promise<pg.Client | undefined> => {
    const folder = await findSocketFolder(data, pid, START_DEADLINE_MS);
    if (folder === undefined) return undefined;
    socketFolder = folder;
    log.info("postgres.adopted", { pid });
    return connect(urlOf(SUPERUSER, "postgres", folder), { isGone: async () => !(await worksIn(data, pid)), onError });
  };

  const startAnew = async ({ root, data, logFile }: PostgresFolders): Promise<pg.Client> => {
    await clearRemains(data);
    socketFolder = await makeSocketFolder(root, account, options.runtimeFolders ?? []);
    await clearSocketLock({ dataFolder: data, socketFolder });
    const { pid, exited } = await startPostmaster({
      program,
      dataFolder: data,
      socketFolder,
      logFile,
      account,
      settings: { ...SETTINGS, ...options.settings },
      diesWithParent: options.diesWithParent ?? false,
    });
    isOurs = true;
    log.info("postgres.started", { pid });
    let gone = false;
    void exited.then(() => (gone = true));
    const isGone = (): Promise<boolean> => Promise.resolve(gone);
    const client = await connect(urlOf(SUPERUSER, "postgres", socketFolder), { isGone, onError });
    if (client === undefined) throw new Error(`PostgreSQL did not start: ${await tailOf(logFile)}`);
    return client;
  };

  const ensureRunning = async (): Promise<void> => {
    const made = requireStarted();
    const running = await findPostmaster(made.data);
    const adopted = running === undefined ? undefined : await adopt(made.data, running);
    const client = adopted ?? (await startAnew(made));
    try {
      await holdInstance(client, options.dataDir);
      isOurs = true;
      await ensureServerRole(client);
    } catch (error) {
      await client.end();
      throw error;
    }
    client.on("end", () => {
      if (!stopping) restart = recover();
    });
    guard = client;
  };

  /** The guard connection ended unexpectedly: restarts the database until it works or the server stops. */
  const recover = async (): Promise<void> => {
    guard = undefined;
    for (let delayMs = 50; !stopping; delayMs = Math.min(delayMs * 2, 5_000)) {
      try {
        await ensureRunning();
        log.info("postgres.recovered");
        return;
      } catch (error) {
        log.error("postgres.restart-failed", { reason: (error as Error).message });
        await sleep(delayMs);
      }
    }
  };

  return {
    name: "postgres",
    serverRole: SERVER_ROLE,
    hasSpace: () => disk.hasSpace(),
    endNow() {
      stopping = true;
      if (isOurs && folders !== undefined) endPostmasterNow(folders.data);
    },
    get url() {
      return urlOf(SERVER_ROLE, DATABASE, socketFolder);
    },
    get adminUrl() {
      return urlOf(SUPERUSER, DATABASE, socketFolder);
    },
    async start() {
      account = process.getuid?.() === 0 ? await ensureSystemAccount(options.accountName ?? "atelier") : undefined;
      const made = await makePostgresFolders(options.dataDir, account);
      // /proc shows real paths.
      folders = { ...made, data: join(await realpath(made.root), "data") };
      const found = await preparePostgresProgram({ account, copiesFolder: made.root });
      program = found.postgres;
      await initialiseData({ initdb: found.initdb, data: folders.data, superuser: SUPERUSER, account, log });
      await ensureRunning();
      await disk.start();
    },
    async [Symbol.asyncDispose]() {
      stopping = true;
      disk.stop();
      await restart;
      // Without the guard another server may be using this data folder.
      if (guard === undefined || folders === undefined) return;
      await guard.end().catch(() => undefined);
      guard = undefined;
      await stopPostmaster(folders.data, STOP_DEADLINE_MS);
      isOurs = false;
      log.info("postgres.stopped");
    },
  };
};
