/** The sql port over the driver `pg`, for the bundled PostgreSQL and for DATABASE_URL. */
import { createHash } from "node:crypto";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { isId } from "#kernel/ids";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import { isConflict, isReadOnlyRefusal, toFailure } from "../pg-failure.ts";
import type { Scope, Sql, Transaction } from "../ports.ts";
import { createStallWatch } from "./stall-watch.ts";

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** The longest wait for a row lock or an advisory lock; a transaction that keeps it longer hangs. */
const LOCK_TIMEOUT_MS = 5_000;
const MAX_ATTEMPTS = 4;
const RETRY_BASE_MS = 10;

export type PgSqlOptions = {
  readonly url: string;
  readonly log: Log;
  readonly maxConnections?: number;
  /** While false, transactions only read, and writes get server/storage-full. */
  readonly hasSpace?: () => boolean;
};

export type PgSql = Sql & { [Symbol.asyncDispose](): Promise<void> };

const ROLE_OF: Readonly<Record<Scope["role"], string>> = {
  user: "atelier_app",
  identity: "atelier_identity",
  log: "atelier_log",
  jobs: "atelier_jobs",
};

/** The ids are part of the statement's text, so that role, settings and BEGIN are one message; therefore they are validated. */
const settingsOf = (scope: Scope): ReadonlyArray<readonly [string, string]> => {
  const checked = (id: string): string => {
    if (!isId(id)) throw new TypeError("A scope accepts only ids.");
    return id;
  };
  switch (scope.role) {
    case "user":
      return [
        ["atelier.user_id", checked(scope.userId)],
        ["atelier.project_id", scope.projectId === undefined ? "" : checked(scope.projectId)],
      ];
    case "log":
      return [["atelier.project_ids", `{${scope.projectIds.map(checked).join(",")}}`]];
    case "identity":
    case "jobs":
      return [];
  }
};

const beginText = (scope: Scope, readOnly: boolean): string => {
  const settings = settingsOf(scope).map(([name, value]) => `set_config('${name}', '${value}', true)`);
  const select = settings.length === 0 ? "" : `; select ${settings.join(", ")}`;
  return `begin${readOnly ? " read only" : ""}; set local role ${ROLE_OF[scope.role]}${select}`;
};

const parsers = new pg.TypeOverrides();
/** Sizes, counters and fences are far below 2^53; a larger one throws instead of being rounded. */
parsers.setTypeParser(pg.types.builtins.INT8, (text: string) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is beyond the safe integers.`);
  return value;
});

const statementNames = new Map<string, string>();
/** Statements are prepared once per connection, under a name derived from their text; texts are constants of the code. */
const statementName = (text: string): string => {
  let name = statementNames.get(text);
  if (name === undefined) {
    name = createHash("sha256").update(text).digest("hex").slice(0, 32);
    statementNames.set(text, name);
  }
  return name;
};

const ignore = (): void => undefined;

/** Destroys a connection without waiting for pending statements; the driver has no method for that. */
const cut = (client: pg.ClientBase): void => {
  (client as unknown as { readonly connection: { readonly stream: Socket } }).connection.stream.destroy();
};

/** The connection is pipelined, so BEGIN and the first statement share a round trip. */
const attempt = async <T>(
  client: pg.PoolClient,
  begin: string,
  work: (transaction: Transaction) => Promise<T>,
): Promise<T> => {
  const begun = client.query(begin);
  // When BEGIN fails, the statement after it fails too, and its error is reported.
  begun.catch(ignore);
  let hasEnded = false;
  const transaction: Transaction = {
    async query<Row extends object>(text: string, values?: readonly unknown[]) {
      // Another transaction, with another role, may be using the connection.
      if (hasEnded) throw new Error("The transaction has ended: no further statement is possible.");
      const query = values === undefined ? { text } : { name: statementName(text), text, values: [...values] };
      const { rows } = await client.query<Row>(query);
      return rows;
    },
  };
  let result: T;
  try {
    result = await work(transaction);
  } finally {
    hasEnded = true;
  }
  await begun;
  const { command } = await client.query("commit");
  // A transaction whose failed statement was caught by `work` commits as a rollback.
  if (command !== "COMMIT") throw new Error("The transaction had failed before it was to be committed.");
  return result;
};

/** Does not connect: connections are opened on demand. */
export const createPgSql = (options: PgSqlOptions): PgSql => {
  // `pipeline` is not in the driver's type definitions yet.
  const configuration: pg.PoolConfig & { readonly pipeline: true } = {
    connectionString: options.url,
    max: options.maxConnections ?? 16,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    lock_timeout: LOCK_TIMEOUT_MS,
    keepAlive: true,
    types: parsers,
    pipeline: true,
  };
  const pool = new pg.Pool(configuration);
  pool.on("error", (error) => options.log.warn("sql.idle-connection-lost", { reason: error.message }));

  const silent = (): Problem =>
    new Problem("server/unavailable", "The database does not respond.", { retryAfterSeconds: 2 });

  let pinger: pg.Client | undefined;
  const watch = createStallWatch({
    log: options.log,
    async ping() {
      const client = pinger ?? new pg.Client({ connectionString: options.url, application_name: "atelier ping" });
      try {
        if (pinger === undefined) {
          client.on("error", ignore);
          pinger = client;
          await client.connect();
        }
        await client.query("select 1");
      } catch (error) {
        if (pinger === client) pinger = undefined;
        client.end().catch(ignore);
        throw error;
      }
    },
    giveUp() {
      if (pinger !== undefined) cut(pinger);
      pinger = undefined;
    },
  });

  const once = async <T>(
    begin: string,
    work: (transaction: Transaction) => Promise<T>,
    given: { isUp: boolean; cut: () => void },
  ): Promise<T> => {
    const client = await pool.connect();
    // The connection was opened after the caller got its error.
    if (given.isUp) {
      client.release();
      throw silent();
    }
    let broken: Error | undefined;
    const onError = (error: Error): void => void (broken = error);
    client.on("error", onError);
    given.cut = () => {
      broken = silent();
      cut(client);
    };
    try {
      return await attempt(client, begin, work);
    } catch (error) {
      if (!given.isUp) await client.query("rollback").catch((failure: Error) => (broken = failure));
      throw error;
    } finally {
      client.off("error", onError);
      // A connection that was cut still emits its end.
      client.on("error", ignore);
      client.release(broken ?? false);
      if (broken === undefined) client.off("error", ignore);
    }
  };

  /** Like `once`, but rejects as soon as the database is found to be silent. */
  const guarded = async <T>(begin: string, work: (transaction: Transaction) => Promise<T>): Promise<T> => {
    if (watch.isStalled) throw silent();
    const given = { isUp: false, cut: ignore };
    let refuse: (problem: Problem) => void = ignore;
    const stalled = new Promise<never>((_resolve, reject) => (refuse = reject));
    stalled.catch(ignore);
    const inside = watch.enter(() => {
      given.isUp = true;
      refuse(silent());
      given.cut();
    });
    const running = once(begin, work, given);
    running.catch(ignore);
    try {
      return await Promise.race([running, stalled]);
    } finally {
      inside.leave();
    }
  };

  return {
    async transaction(scope, work) {
      for (let tries = 1; ; tries++) {
        const readOnly = options.hasSpace?.() === false;
        try {
          return await guarded(beginText(scope, readOnly), work);
        } catch (error) {
          if (readOnly && isReadOnlyRefusal(error))
            throw new Problem("server/storage-full", undefined, { cause: error });
          if (!isConflict(error) || tries >= MAX_ATTEMPTS) throw toFailure(error);
          await sleep(RETRY_BASE_MS * 2 ** tries * (0.5 + Math.random()));
        }
      }
    },
    async healthy() {
      try {
        await guarded("begin read only", (transaction) => transaction.query("select 1"));
        return true;
      } catch {
        return false;
      }
    },
    async [Symbol.asyncDispose]() {
      watch.stop();
      await pool.end();
    },
  };
};
