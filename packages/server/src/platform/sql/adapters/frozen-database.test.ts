import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog, type Log } from "#kernel/log";
import { migrate } from "../migrate.ts";
import { createEmbeddedPostgres, type EmbeddedPostgres } from "./embedded-postgres.ts";
import { createPgSql } from "./pg-sql.ts";
import { findPostgresProcesses } from "./postmaster.ts";
import { createStallWatch } from "./stall-watch.ts";

const PROMISED_MS = 6_000;
const jobs = { role: "jobs" } as const;

let dataDir: string;
let postgres: EmbeddedPostgres;
beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "atelier-frozen-"));
  postgres = createEmbeddedPostgres({ dataDir, log: silentLog, diesWithParent: true, settings: { fsync: "off" } });
  await postgres.start(new AbortController().signal);
  await migrate({ url: postgres.adminUrl, serverRole: postgres.serverRole, log: silentLog });
});
afterAll(async () => {
  await signalAll("SIGCONT");
  await postgres[Symbol.asyncDispose]();
  await rm(dataDir, { recursive: true, force: true });
});

const signalAll = async (name: NodeJS.Signals): Promise<number> => {
  const pids = await findPostgresProcesses(join(dataDir, "postgres", "data"));
  for (const pid of pids) process.kill(pid, name);
  return pids.length;
};
const timed = async (work: Promise<unknown>): Promise<{ answer: unknown; tookMs: number }> => {
  const startMs = performance.now();
  const answer = await work.then(
    (value) => value,
    (error: unknown) => (error as { code?: string }).code ?? error,
  );
  return { answer, tookMs: performance.now() - startMs };
};

describe("a database that is stopped", () => {
  test("[S12] waiting, querying and connecting callers get an error within 6 s; it works again after it continues", async () => {
    const events: string[] = [];
    const log: Log = {
      ...silentLog,
      error: (event) => void events.push(event),
      info: (event) => void events.push(event),
    };
    const sql = createPgSql({ url: postgres.url, log, maxConnections: 2 });
    try {
      const one = () => sql.transaction(jobs, (t) => t.query("select 1 as one"));
      await one();
      let go: () => void = () => undefined;
      const gone = new Promise<void>((resolve) => (go = resolve));
      const between = timed(
        sql.transaction(jobs, async (t) => {
          await t.query("select 1");
          await gone;
          await t.query("select 1");
        }),
      );
      expect(await signalAll("SIGSTOP")).toBeGreaterThan(3);
      go();
      // More callers than connections: some wait for a connection, some open one, some have one.
      const answers = await Promise.all([
        between,
        ...Array.from({ length: 6 }, () => timed(one())),
        timed(sql.healthy()),
      ]);
      for (const { answer, tookMs } of answers) {
        expect(["server/unavailable", false]).toContain(answer);
        expect(tookMs).toBeLessThan(PROMISED_MS);
      }
      const later = await timed(one());
      expect(later.answer).toBe("server/unavailable");
      expect(later.tookMs).toBeLessThan(100);
      await signalAll("SIGCONT");
      await expect.poll(() => sql.healthy(), { timeout: 10_000 }).toBe(true);
      expect(await one()).toEqual([{ one: 1 }]);
      expect(events).toEqual(["sql.database-silent", "sql.database-answers-again"]);
    } finally {
      await signalAll("SIGCONT");
      await sql[Symbol.asyncDispose]();
    }
  }, 60_000);

  test("[S12] a slow statement does not count as silence, and waiting for a lock has a limit", async () => {
    const sql = createPgSql({ url: postgres.url, log: silentLog });
    try {
      const slow = timed(sql.transaction(jobs, (t) => t.query("select 'done' as it from pg_sleep(6.5)")));
      let release: () => void = () => undefined;
      const held = new Promise<void>((resolve) => (release = resolve));
      let locked: () => void = () => undefined;
      const isLocked = new Promise<void>((resolve) => (locked = resolve));
      const holding = sql.transaction(jobs, async (t) => {
        await t.query("select pg_advisory_xact_lock(1)");
        locked();
        await held;
      });
      await isLocked;
      const waiting = await timed(sql.transaction(jobs, (t) => t.query("select pg_advisory_xact_lock(1)")));
      expect(waiting.answer).toBe("server/unavailable");
      expect(waiting.tookMs).toBeLessThan(PROMISED_MS);
      release();
      await holding;
      expect((await slow).answer).toEqual([{ it: "done" }]);
    } finally {
      await sql[Symbol.asyncDispose]();
    }
  }, 30_000);

  test("[S12] there are no pings while no caller waits", async () => {
    let pings = 0;
    let answer: () => void = () => undefined;
    const watch = createStallWatch({
      ping: () => {
        pings++;
        return new Promise((resolve) => (answer = resolve));
      },
      giveUp: () => undefined,
      log: silentLog,
      pingEveryMs: 5,
      stalledAfterMs: 30,
    });
    const told: string[] = [];
    const first = watch.enter(() => told.push("first"));
    await expect.poll(() => watch.isStalled, { timeout: 5_000 }).toBe(true);
    watch.enter(() => told.push("second"));
    expect(told).toEqual(["first", "second"]);
    first.leave();
    answer();
    await expect.poll(() => watch.isStalled, { timeout: 5_000 }).toBe(false);
    const before = pings;
    const third = watch.enter(() => told.push("third"));
    await expect.poll(() => pings, { timeout: 5_000 }).toBe(before + 1);
    third.leave();
    answer();
    // A second watch's ping comes after any ping of the first one.
    const other = createStallWatch({
      ping: async () => void told.push("other"),
      giveUp: () => undefined,
      log: silentLog,
    });
    other.enter(() => undefined);
    await expect.poll(() => told.includes("other"), { timeout: 5_000 }).toBe(true);
    expect(pings).toBe(before + 1);
    other.stop();
    watch.stop();
  });
});
