/** The database as an operator reaches it: DATABASE_URL, the bundled PostgreSQL of a running server, or one started for this. */
import { existsSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { silentLog } from "../../packages/server/src/kernel/log.ts";
import { createEmbeddedPostgres } from "../../packages/server/src/platform/sql/adapters/embedded-postgres.ts";
import { findPostmaster, findSocketFolder } from "../../packages/server/src/platform/sql/adapters/postmaster.ts";
import { migrate } from "../../packages/server/src/platform/sql/migrate.ts";
import { isRoot } from "../lib/checkout.mjs";

export type OperatorTransaction = {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
};

export type OperatorDatabase = AsyncDisposable & {
  transaction<T>(work: (transaction: OperatorTransaction) => Promise<T>): Promise<T>;
};

const FIND_SOCKET_MS = 5_000;
const CONNECT_MS = 5_000;

type Environment = Readonly<Record<string, string | undefined>>;

const dataFolder = (env: Environment): string =>
  env["DATA_DIR"] ||
  (isRoot ? "/var/lib/atelier" : join(env["XDG_DATA_HOME"] || join(homedir(), ".local", "share"), "atelier"));

const connect = async (url: string, release: () => Promise<void>): Promise<OperatorDatabase> => {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_MS });
  // A lost connection fails the running query; without a listener it would also end the process.
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (error) {
    await release();
    throw error;
  }
  const query: OperatorTransaction["query"] = async <Row extends object>(text: string, values?: readonly unknown[]) =>
    (await client.query<Row>(text, values === undefined ? undefined : [...values])).rows;
  return {
    async transaction(work) {
      // The only role whose row-level security allows access to accounts; a superuser takes it too, so that all ways behave the same.
      await client.query("begin; set local role atelier_identity");
      try {
        const result = await work({ query });
        await client.query("commit");
        return result;
      } catch (error) {
        await client.query("rollback");
        throw error;
      }
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      await release();
    },
  };
};

const nothing = async (): Promise<void> => undefined;

/** The address of the bundled PostgreSQL that a running server of this data folder uses; undefined when none runs. */
const findRunning = async (dataDir: string): Promise<string | undefined> => {
  const root = join(dataDir, "postgres");
  if (!existsSync(root)) return undefined;
  const data = join(realpathSync(root), "data");
  const pid = await findPostmaster(data);
  const folder = pid === undefined ? undefined : await findSocketFolder(data, pid, FIND_SOCKET_MS);
  if (folder === undefined) return undefined;
  return `postgresql://atelier_admin@localhost/atelier?host=${encodeURIComponent(folder)}`;
};

/** @throws Error when there is no database yet, or it can't be reached */
export const openOperatorDatabase = async (env: Environment): Promise<OperatorDatabase> => {
  const url = env["DATABASE_URL"];
  if (url) return connect(url, nothing);
  const dataDir = dataFolder(env);
  const running = await findRunning(dataDir);
  if (running !== undefined) return connect(running, nothing);
  if (!existsSync(join(dataDir, "postgres", "data")))
    throw new Error(`There is no database in ${dataDir} yet: start the server once, or set DATA_DIR.`);
  const postgres = createEmbeddedPostgres({ dataDir, log: silentLog, diesWithParent: true });
  const stop = async (): Promise<void> => postgres[Symbol.asyncDispose]();
  await postgres.start(new AbortController().signal);
  try {
    await migrate({ url: postgres.adminUrl, serverRole: postgres.serverRole, log: silentLog });
  } catch (error) {
    await stop();
    throw error;
  }
  return connect(postgres.adminUrl, stop);
};
