import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { silentLog } from "#kernel/log";
import { openTestDatabase, type TestDatabase } from "../test-database.ts";
import { createServerLock, DatabaseInUse } from "./server-lock.ts";

let database: TestDatabase;
let admin: pg.Client;
beforeAll(async () => {
  database = await openTestDatabase();
  admin = await database.openAdmin();
});
afterAll(() => database[Symbol.asyncDispose]());

const signal = new AbortController().signal;
const lock = (onLost: (error: Error) => void = () => undefined, waitMs = 0, isShared = false) =>
  createServerLock({ url: database.url, log: silentLog, isShared, waitMs, onLost });

/** Only the locks of this test's database: PostgreSQL has those of other tests too. */
const advisoryLocks = `from pg_locks
  where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())`;

/** Ends the connections that hold advisory locks, as a restart of the database would. */
const cutHolders = () => admin.query(`select pg_terminate_backend(pid) ${advisoryLocks}`);

describe("the lock on a database", () => {
  test("[Q1] a second server is refused with one line, and can start when the first one has stopped", async () => {
    const [first, second] = [lock(), lock()];
    await first.start(signal);
    await expect(second.start(signal)).rejects.toThrow(DatabaseInUse);
    await expect(second.start(signal)).rejects.toThrow(
      /^Another server is using the database of DATABASE_URL: [^\n]+$/u,
    );
    const waiting = lock(undefined, 10_000);
    const started = waiting.start(signal);
    await first[Symbol.asyncDispose]();
    await started;
    await waiting[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  });

  test("[Q2] servers that share homes use one database together, but not with a server with HOMES=process", async () => {
    const shared = () => lock(undefined, 0, true);
    const [first, second, alone] = [shared(), shared(), lock()];
    await first.start(signal);
    await second.start(signal);
    await expect(alone.start(signal)).rejects.toThrow(/start all with HOMES=postgres/u);
    await first[Symbol.asyncDispose]();
    await expect(alone.start(signal)).rejects.toThrow(DatabaseInUse);
    await second[Symbol.asyncDispose]();
    const patient = lock(undefined, 10_000);
    await patient.start(signal);
    await expect(first.start(signal)).rejects.toThrow(/^A server with HOMES=process [^\n]+$/u);
    await patient[Symbol.asyncDispose]();
    await alone[Symbol.asyncDispose]();
  });

  test("[Q1] a killed server has no lock", async () => {
    const program = `
      const { createServerLock } = await import(${JSON.stringify(join(import.meta.dirname, "server-lock.ts"))});
      const log = { debug() {}, info() {}, warn() {}, error() {}, with: () => log };
      await createServerLock({ url: process.argv[1], log, isShared: false, onLost() {} }).start();
      process.stdout.write("held");
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", program, database.url], {
      stdio: ["ignore", "pipe", "inherit"],
      cwd: import.meta.dirname,
    });
    await once(child.stdout, "data");
    const next = lock();
    await expect(next.start(signal)).rejects.toThrow(DatabaseInUse);
    child.kill("SIGKILL");
    await once(child, "exit");
    const patient = lock(undefined, 10_000);
    await patient.start(signal);
    await patient[Symbol.asyncDispose]();
    await next[Symbol.asyncDispose]();
  });

  test("[Q1] a lost connection is opened again; a server that finds the lock taken has to end", async () => {
    const onLost = vi.fn<(error: Error) => void>();
    const first = lock(onLost);
    await first.start(signal);
    await cutHolders();
    const held = async (): Promise<number> => (await admin.query(`select ${advisoryLocks} and granted`)).rowCount ?? 0;
    // The heartbeat notices after at most 5 s.
    await vi.waitFor(async () => expect(await held()).toBe(1), { timeout: 15_000, interval: 100 });
    expect(onLost).not.toHaveBeenCalled();
    await cutHolders();
    const second = lock();
    await second.start(signal);
    await vi.waitFor(() => expect(onLost).toHaveBeenCalledOnce(), { timeout: 15_000, interval: 100 });
    await first[Symbol.asyncDispose]();
    await second[Symbol.asyncDispose]();
  }, 40_000);
});
