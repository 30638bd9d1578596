/** Applies the migrations: numbered files, each once, under a lock, and never to a schema that is newer than this program. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import type { Log } from "#kernel/log";

const MIGRATE_LOCK = 5_287_311;
const NAME = /^(\d{4})_[a-z0-9_]+\.sql$/u;
const APPLICATION_ROLES = ["atelier_app", "atelier_identity", "atelier_log", "atelier_jobs"] as const;
const ROLES = ["atelier_owner", "atelier_definer", ...APPLICATION_ROLES] as const;

export type Migration = {
  readonly version: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
};

/** The migrations of this program in their order. */
export const readMigrations = async (folder = join(import.meta.dirname, "migrations")): Promise<Migration[]> => {
  const names = (await readdir(folder)).filter((name) => NAME.test(name)).toSorted();
  return Promise.all(
    names.map(async (name) => {
      const text = await readFile(join(folder, name), "utf8");
      const checksum = createHash("sha256").update(text).digest("hex");
      return { version: Number(NAME.exec(name)?.[1]), name, text, checksum };
    }),
  );
};

/** None of the roles can log in, owns its tables, or bypasses row-level security. */
const ensureRoles = async (client: pg.Client, serverRole: string): Promise<void> => {
  const { rows } = await client.query<{ rolname: string }>("select rolname from pg_roles where rolname = any ($1)", [
    ROLES,
  ]);
  const present = new Set(rows.map((row) => row.rolname));
  for (const role of ROLES) {
    if (!present.has(role)) await client.query(`create role ${role} nologin noinherit nosuperuser nobypassrls`);
  }
  const server = client.escapeIdentifier(serverRole);
  for (const role of APPLICATION_ROLES) await client.query(`grant ${role} to ${server} with inherit false, set true`);
  const { rows: self } = await client.query<{ super: boolean }>(
    "select rolsuper as super from pg_roles where rolname = current_user",
  );
  if (self[0]?.super !== true)
    await client.query("grant atelier_owner, atelier_definer to current_user with inherit false, set true");
  await client.query("grant usage, create on schema public to atelier_owner, atelier_definer");
  await client.query(`grant usage on schema public to ${APPLICATION_ROLES.join(", ")}`);
};

const readApplied = async (client: pg.Client): Promise<Map<number, { name: string; checksum: string }>> => {
  await client.query("begin; set local role atelier_owner");
  await client.query(`create table if not exists schema_migrations (
    version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null default now())`);
  const { rows } = await client.query<{ version: number; name: string; checksum: string }>(
    "select version, name, checksum from schema_migrations",
  );
  await client.query("commit");
  return new Map(rows.map((row) => [row.version, row]));
};

const apply = async (client: pg.Client, migration: Migration): Promise<void> => {
  await client.query("begin; set local role atelier_owner");
  try {
    await client.query(migration.text);
    await client.query("set local role atelier_owner");
    await client.query("insert into schema_migrations (version, name, checksum) values ($1, $2, $3)", [
      migration.version,
      migration.name,
      migration.checksum,
    ]);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw new Error(`Migration ${migration.name} failed: ${(error as Error).message}`, { cause: error });
  }
};

/**
 * Applies missing migrations. When several servers start at once, one migrates and the others wait.
 * @param options.url of a role that may create roles; with the bundled PostgreSQL a superuser
 * @param options.serverRole the role with which the server's pools log in; default: the role of `url`
 * @returns the number of applied migrations
 * @throws Error when the schema is newer than this program, or when an applied migration was changed
 */
export const migrate = async (options: {
  readonly url: string;
  readonly serverRole?: string;
  readonly log: Log;
  readonly migrations?: readonly Migration[];
}): Promise<number> => {
  const migrations = options.migrations ?? (await readMigrations());
  const client = new pg.Client({ connectionString: options.url });
  // A lost connection rejects the running query; without a listener its error event would also end the process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATE_LOCK]);
    const { rows } = await client.query<{ me: string }>("select current_user as me");
    await ensureRoles(client, options.serverRole ?? rows[0]?.me ?? "");
    const applied = await readApplied(client);
    const newest = migrations.at(-1)?.version ?? 0;
    for (const [version, { name, checksum }] of applied) {
      if (version > newest) throw new Error(`The database is newer than this program: it has ${name}.`);
      const known = migrations.find((migration) => migration.version === version);
      if (known?.checksum !== checksum) throw new Error(`The migration ${name} was changed after it had been applied.`);
    }
    const missing = migrations.filter((migration) => !applied.has(migration.version));
    for (const migration of missing) {
      await apply(client, migration);
      options.log.info("sql.migrated", { migration: migration.name });
    }
    return missing.length;
  } finally {
    await client.end();
  }
};
