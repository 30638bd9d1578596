/** For tests: a fresh, migrated database in a real PostgreSQL that all test files of a run share. */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { z } from "zod";
import { silentLog } from "#kernel/log";
import { createPgSql } from "./adapters/pg-sql.ts";
import { readMigrations } from "./migrate.ts";
import type { Sql } from "./ports.ts";

const START_DEADLINE_MS = 60_000;
const READY = z.union([z.object({ adminUrl: z.string(), url: z.string() }), z.object({ fault: z.string() })]);

export type TestDatabase = {
  readonly sql: Sql;
  /** The server's login, for a second pool like that of another process. */
  readonly url: string;
  /** The superuser's login, which bypasses row-level security: to read all rows, and to plant faults. */
  readonly adminUrl: string;
  /** A client at `adminUrl`; it ends with the database. */
  openAdmin(): Promise<pg.Client>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** An abstract socket, which needs no file. Each user, checkout, schema and run (by TMPDIR) has its own. */
export const testServerAddress = async (): Promise<string> => {
  const parts = [import.meta.dirname, tmpdir(), ...(await readMigrations()).map((migration) => migration.checksum)];
  const key = createHash("sha256").update(parts.join("\n")).digest("hex").slice(0, 20);
  return `\0atelier-test-database-${process.getuid?.() ?? 0}-${key}`;
};

const tryConnect = (address: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });

const firstLine = (socket: Socket): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = "";
    socket.on("data", (chunk) => {
      text += chunk.toString();
      if (text.includes("\n")) resolve(text);
    });
    socket.once("close", () => reject(new Error("The test database server has ended.")));
  });

/** The server runs while a test is connected to it, and a little longer. */
const attach = async (): Promise<{ socket: Socket; adminUrl: string; url: string }> => {
  const address = await testServerAddress();
  const end = performance.now() + START_DEADLINE_MS;
  for (let started = false; performance.now() < end; await sleep(50)) {
    const socket = await tryConnect(address);
    if (socket !== undefined) {
      const ready = READY.parse(JSON.parse(await firstLine(socket)));
      if ("fault" in ready) throw new Error(ready.fault);
      socket.unref();
      return { socket, ...ready };
    }
    if (started) continue;
    started = true;
    // When two test files start one, the second finds the address in use and ends.
    spawn(process.execPath, [join(import.meta.dirname, "test-database-server.ts")], {
      detached: true,
      stdio: "ignore",
      env: { PATH: process.env["PATH"] ?? "", TMPDIR: tmpdir() },
    }).unref();
  }
  throw new Error("The test database server did not start.");
};

const withDatabase = (url: string, name: string): string => {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
};

const connectAdmin = async (connectionString: string): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString });
  client.on("error", () => undefined);
  await client.connect();
  return client;
};

const administer = async (adminUrl: string, statement: string): Promise<void> => {
  const client = await connectAdmin(adminUrl);
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
};

/** A database of its own for the caller; disposal drops it. @param options.isEmpty without a schema, for tests of migrations */
export const openTestDatabase = async (options: { readonly isEmpty?: boolean } = {}): Promise<TestDatabase> => {
  const server = await attach();
  const name = `test_${randomBytes(8).toString("hex")}`;
  const maintenance = withDatabase(server.adminUrl, "postgres");
  await administer(
    maintenance,
    `create database ${name} template ${options.isEmpty === true ? "template0" : "atelier"}`,
  );
  const url = withDatabase(server.url, name);
  const sql = createPgSql({ url, log: silentLog, maxConnections: 8 });
  const adminUrl = withDatabase(server.adminUrl, name);
  const admins: pg.Client[] = [];
  return {
    sql,
    url,
    adminUrl,
    async openAdmin() {
      const admin = await connectAdmin(adminUrl);
      admins.push(admin);
      return admin;
    },
    async [Symbol.asyncDispose]() {
      for (const admin of admins) await admin.end();
      await sql[Symbol.asyncDispose]();
      await administer(maintenance, `drop database ${name} with (force)`);
      server.socket.destroy();
    },
  };
};
