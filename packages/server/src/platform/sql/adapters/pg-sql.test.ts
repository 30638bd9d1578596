import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createId } from "#kernel/ids";
import { silentLog } from "#kernel/log";
import { toFailure } from "../pg-failure.ts";
import type { Transaction } from "../ports.ts";
import { openTestDatabase, type TestDatabase } from "../test-database.ts";
import { createDiskSpace } from "./disk-space.ts";
import { createPgSql } from "./pg-sql.ts";

let database: TestDatabase;
let admin: pg.Client;
beforeAll(async () => {
  database = await openTestDatabase();
  admin = await database.openAdmin();
  await admin.query("create table scratch (id integer primary key, value integer not null default 0)");
  await admin.query("grant all on scratch to atelier_jobs");
  await admin.query("insert into scratch (id) values (1), (2)");
});
afterAll(() => database[Symbol.asyncDispose]());

const jobs = { role: "jobs" } as const;
const valueOf = async (id: number): Promise<number> =>
  (await admin.query<{ value: number }>("select value from scratch where id = $1", [id])).rows[0]?.value ?? -1;

describe("sql over pg", () => {
  test("[S3] each scope has its own role, and the connection keeps no setting of it", async () => {
    const userId = createId();
    const one = createPgSql({ url: database.url, log: silentLog, maxConnections: 1 });
    try {
      const who = `select current_user::text as role, current_setting('atelier.user_id', true) as id,
        current_setting('atelier.project_id', true) as project`;
      expect(await one.transaction({ role: "user", userId, projectId: userId }, (t) => t.query(who))).toEqual([
        { role: "atelier_app", id: userId, project: userId },
      ]);
      expect(await one.transaction({ role: "user", userId }, (t) => t.query(who))).toMatchObject([
        { id: userId, project: "" },
      ]);
      expect(await one.transaction(jobs, (t) => t.query(who))).toEqual([{ role: "atelier_jobs", id: "", project: "" }]);
      expect(await one.transaction({ role: "identity" }, (t) => t.query(who))).toMatchObject([
        { role: "atelier_identity" },
      ]);
    } finally {
      await one[Symbol.asyncDispose]();
    }
  });

  test("[S3] a scope accepts only ids", async () => {
    const evil = "'; drop table users; --";
    await expect(database.sql.transaction({ role: "user", userId: evil }, async () => 1)).rejects.toThrow(TypeError);
    await expect(database.sql.transaction({ role: "log", projectIds: [evil] }, async () => 1)).rejects.toThrow(
      TypeError,
    );
  });

  test("[S4] an error rolls the transaction back; a caught error of a statement does not count as a commit", async () => {
    await expect(
      database.sql.transaction(jobs, async (t) => {
        await t.query("update scratch set value = 9 where id = 1");
        throw new Error("planted");
      }),
    ).rejects.toThrow("planted");
    await expect(
      database.sql.transaction(jobs, async (t) => {
        await t.query("update scratch set value = 9 where id = 1");
        await t.query("select 1 / 0").catch(() => undefined);
      }),
    ).rejects.toThrow(/had failed/u);
    expect(await valueOf(1)).toBe(0);
  });

  test("[S4] an ended transaction accepts no statement, also when another one uses the connection", async () => {
    const one = createPgSql({ url: database.url, log: silentLog, maxConnections: 1 });
    try {
      const kept: Transaction[] = [];
      await one.transaction(jobs, async (t) => void kept.push(t));
      await one
        .transaction(jobs, (t) => Promise.reject(new Error(`rolled back ${kept.push(t)}`)))
        .catch(() => undefined);
      await one.transaction(jobs, async (t) => {
        if (kept.push(t) === 3) throw Object.assign(new Error("planted"), { code: "40001" });
      });
      const late = (transaction: Transaction) => transaction.query("update scratch set value = 5 where id = 1");
      await one.transaction(jobs, async (current) => {
        for (const ended of kept) await expect(late(ended)).rejects.toThrow(/has ended/u);
        await current.query("select 1");
      });
      for (const ended of kept) await expect(late(ended)).rejects.toThrow(/has ended/u);
      expect(kept).toHaveLength(4);
      expect(await valueOf(1)).not.toBe(5);
    } finally {
      await one[Symbol.asyncDispose]();
    }
  });

  test("[S5] bytes are sent and received, large counters are numbers, and one beyond 2^53 is an error", async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const [row] = await database.sql.transaction(jobs, (t) =>
      t.query<{ bytes: Buffer; n: number }>("select $1::bytea as bytes, 9007199254740991::bigint as n", [bytes]),
    );
    expect(row?.bytes.equals(bytes)).toBe(true);
    expect(row?.n).toBe(Number.MAX_SAFE_INTEGER);
    await expect(
      database.sql.transaction(jobs, (t) => t.query("select 9007199254740993::bigint as n")),
    ).rejects.toThrow(RangeError);
  });

  test("[S6] a transaction in a deadlock is retried, and both commit", async () => {
    let runs = 0;
    let arrived = 0;
    let meet = (): void => undefined;
    const both = new Promise<void>((resolve) => (meet = resolve));
    const swap = (first: number, second: number) =>
      database.sql.transaction(jobs, async (t) => {
        runs++;
        await t.query("update scratch set value = value + 1 where id = $1", [first]);
        if (++arrived === 2) meet();
        await both;
        await t.query("update scratch set value = value + 1 where id = $1", [second]);
      });
    await Promise.all([swap(1, 2), swap(2, 1)]);
    // The retried one may run into another deadlock.
    expect(runs).toBeGreaterThanOrEqual(3);
    expect([await valueOf(1), await valueOf(2)]).toEqual([2, 2]);
  });

  test("[S7] a lost connection is 503 and not retried; the next one works", async () => {
    let runs = 0;
    const work = database.sql.transaction(jobs, async (t) => {
      runs++;
      const [row] = await t.query<{ pid: number }>("select pg_backend_pid() as pid");
      await admin.query("select pg_terminate_backend($1)", [row?.pid]);
      await t.query("select pg_sleep(1)");
    });
    await expect(work).rejects.toMatchObject({ code: "server/unavailable", extra: { retryAfterSeconds: 1 } });
    expect(runs).toBe(1);
    expect(await database.sql.transaction(jobs, (t) => t.query("select 1 as one"))).toEqual([{ one: 1 }]);
    expect(await database.sql.healthy()).toBe(true);
  });

  test("[S7] without a database the result is 503, and the health check fails", async () => {
    const nowhere = createPgSql({ url: "postgresql://x@localhost/x?host=/nonexistent", log: silentLog });
    await expect(nowhere.transaction(jobs, (t) => t.query("select 1"))).rejects.toMatchObject({
      code: "server/unavailable",
    });
    expect(await nowhere.healthy()).toBe(false);
    await nowhere[Symbol.asyncDispose]();
  });

  test("[S8] while the disk is nearly full, reading works and writing is refused; later it works again", async () => {
    let isEnough = false;
    const guarded = createPgSql({ url: database.url, log: silentLog, hasSpace: () => isEnough });
    try {
      const write = () => guarded.transaction(jobs, (t) => t.query("update scratch set value = 7 where id = 1"));
      expect(await guarded.transaction(jobs, (t) => t.query("select 1 as one"))).toEqual([{ one: 1 }]);
      await expect(write()).rejects.toMatchObject({ code: "server/storage-full" });
      expect(await valueOf(1)).not.toBe(7);
      isEnough = true;
      await write();
      expect(await valueOf(1)).toBe(7);
    } finally {
      await guarded[Symbol.asyncDispose]();
    }
  });

  test("[S8] free space is that of the file system minus a reserve", async () => {
    let freeBytes = 127 * 1024 * 1024;
    const logged: string[] = [];
    const log = { ...silentLog, warn: (event: string) => void logged.push(event) };
    const disk = createDiskSpace({ folder: "/", log, freeBytes: async () => freeBytes });
    await disk.start();
    disk.stop();
    expect(disk.hasSpace()).toBe(false);
    freeBytes = 1e10;
    await disk.start();
    disk.stop();
    expect(disk.hasSpace()).toBe(true);
    expect(logged).toEqual(["postgres.disk-nearly-full", "postgres.disk-has-space"]);
  });

  test("[S8] a full disk is storage-full; a programming error is not a problem of the database", () => {
    expect(toFailure(Object.assign(new Error("x"), { code: "53100" }))).toMatchObject({ code: "server/storage-full" });
    const fault = Object.assign(new Error("syntax"), { code: "42601" });
    expect(toFailure(fault)).toBe(fault);
  });
});
