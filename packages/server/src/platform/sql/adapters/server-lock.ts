/**
 * The lock on a database: either one server alone, or several that share homes. It is an advisory lock on a connection of its own until the
 * process ends. PostgreSQL releases it with the connection, so that the next server can start after a crash.
 */
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";

const SERVER_LOCK = 5_287_314;
const RETRY_MS = 250;
const HEARTBEAT_MS = 5_000;
const ANSWER_MS = 5_000;
/** The database detects a machine that has vanished within 10 + 3 x 5 s. */
const KEEP_ALIVE = "set tcp_keepalives_idle = 10; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 3";

/** Another server has the lock. The message is for the person who starts this one. */
export class DatabaseInUse extends Error {
  override readonly name = "DatabaseInUse";
}

export type ServerLockOptions = {
  readonly url: string;
  readonly log: Log;
  /** True for a server that keeps its homes in the database: others like it may use the database too. */
  readonly isShared: boolean;
  /** A server that is stopping, or was just killed, may need this long to release the lock. */
  readonly waitMs?: number;
  /** Called when another server has taken the lock: this one must end. */
  readonly onLost: (error: Error) => void;
};

/** `start` throws DatabaseInUse, or the driver's error when the database can't be reached. */
export const createServerLock = (options: ServerLockOptions): Component => {
  const { log } = options;
  let client: pg.Client | undefined;
  let isStopped = false;
  let watching: Promise<void> = Promise.resolve();
  const stopping = new AbortController();

  const connect = async (): Promise<pg.Client> => {
    const opened = new pg.Client({
      connectionString: options.url,
      keepAlive: true,
      connectionTimeoutMillis: ANSWER_MS,
      query_timeout: ANSWER_MS,
      application_name: "atelier server lock",
    });
    // The next query reports a lost connection.
    opened.on("error", (error) => log.debug("sql.server-lock-connection", { reason: error.message }));
    try {
      await opened.connect();
      await opened.query(KEEP_ALIVE);
    } catch (error) {
      await opened.end().catch(() => undefined);
      throw error;
    }
    return opened;
  };

  const tryLock = async (on: pg.Client): Promise<boolean> => {
    const lock = options.isShared ? "pg_try_advisory_lock_shared" : "pg_try_advisory_lock";
    const { rows } = await on.query<{ held: boolean }>(`select ${lock}($1) as held`, [SERVER_LOCK]);
    return rows[0]?.held === true;
  };

  /** @throws DatabaseInUse when another server has it for `waitMs` */
  const take = async (waitMs: number): Promise<void> => {
    const opened = await connect();
    try {
      const endMs = performance.now() + waitMs;
      while (!(await tryLock(opened))) {
        if (performance.now() >= endMs)
          throw new DatabaseInUse(
            options.isShared
              ? "A server with HOMES=process is using the database of DATABASE_URL: stop that one first."
              : "Another server is using the database of DATABASE_URL: stop that one first, or start all with HOMES=postgres.",
          );
        await sleep(RETRY_MS, undefined, { signal: stopping.signal });
      }
      client = opened;
    } catch (error) {
      await opened.end().catch(() => undefined);
      throw error;
    }
  };

  /** While the database is unreachable no server has the lock; afterwards the first server that connects gets it. */
  const watch = async (): Promise<void> => {
    while (!isStopped) {
      try {
        await sleep(client === undefined ? RETRY_MS : HEARTBEAT_MS, undefined, { signal: stopping.signal, ref: false });
        if (client === undefined) {
          await take(options.waitMs ?? ANSWER_MS);
          log.info("sql.server-lock-taken-again");
        } else await client.query("select 1");
      } catch (error) {
        if (isStopped) return;
        if (error instanceof DatabaseInUse) return options.onLost(error);
        if (client !== undefined) log.warn("sql.server-lock-connection-lost", { error });
        const broken = client;
        client = undefined;
        await broken?.end().catch(() => undefined);
      }
    }
  };

  return {
    name: "database lock",
    async start() {
      await take(options.waitMs ?? ANSWER_MS);
      watching = watch();
    },
    async [Symbol.asyncDispose]() {
      isStopped = true;
      stopping.abort();
      await watching;
      await client?.end().catch(() => undefined);
      client = undefined;
    },
  };
};
