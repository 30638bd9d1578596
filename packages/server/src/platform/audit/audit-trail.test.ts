/** The audit trail on a real database: rows are written soon, all of them before a stop, and wait while the database is unavailable. */
import { createManualClock } from "#kernel/clock";
import { type Log, silentLog } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { Sql } from "#platform/sql";
import type pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createPrometheusMetrics } from "../metrics/adapters/prometheus-metrics.ts";
import { openTestDatabase, type TestDatabase } from "../sql/test-database.ts";
import { createAuditTrail } from "./index.ts";

let database: TestDatabase;
let admin: pg.Client;
beforeAll(async () => {
  database = await openTestDatabase();
  admin = await database.openAdmin();
});
beforeEach(() => admin.query("truncate audit_log"));
afterAll(() => database[Symbol.asyncDispose]());

const rows = async (): Promise<Record<string, unknown>[]> =>
  (await admin.query<Record<string, unknown>>("select *, host(address) as from_address from audit_log order by action"))
    .rows;
const USER = "01900000-0000-7000-8000-000000000001";

const start = (sql: Sql = database.sql, log: Log = silentLog) => {
  const clock = createManualClock(Date.now());
  const metrics = createPrometheusMetrics();
  return { clock, metrics, trail: createAuditTrail({ sql, clock, log, metrics }) };
};

describe("the audit trail", () => {
  it("writes user, action, time and address within 50 ms", async () => {
    const { clock, trail } = start();
    trail.record({
      action: "file.put",
      userId: USER,
      projectId: USER,
      target: "src/\0a.ts",
      address: "2001:db8::1",
      requestId: "r1",
    });
    trail.record({ action: "identity.login", address: "not an address" });
    expect(await rows()).toEqual([]);
    clock.advance(50);
    await trail.flush();
    const [put, login] = await rows();
    expect(put).toMatchObject({
      action: "file.put",
      user_id: USER,
      project_id: USER,
      target: "src/a.ts",
      from_address: "2001:db8::1",
      request_id: "r1",
    });
    expect(login).toMatchObject({ action: "identity.login", user_id: null, from_address: null });
  });

  it("writes all rows before it stops, also many", async () => {
    const { trail } = start();
    for (let at = 0; at < 2500; at += 1) trail.record({ action: "file.put", target: String(at) });
    await trail[Symbol.asyncDispose]();
    const written = await rows();
    expect(written).toHaveLength(2500);
    expect(new Set(written.map(({ target }) => target)).size).toBe(2500);
  });

  it("keeps rows while the database is unavailable, and counts those that are lost at the end", async () => {
    let away = true;
    const sql: Sql = {
      ...database.sql,
      transaction: (scope, work) =>
        away ? Promise.reject(new Problem("server/unavailable")) : database.sql.transaction(scope, work),
    };
    const { clock, trail, metrics } = start(sql);
    trail.record({ action: "file.put", target: "kept" });
    clock.advance(50);
    await trail.flush();
    expect(await rows()).toEqual([]);
    away = false;
    clock.advance(1000);
    await trail.flush();
    expect(await rows()).toHaveLength(1);
    away = true;
    trail.record({ action: "file.put", target: "lost" });
    await trail[Symbol.asyncDispose]();
    expect((await metrics.scrape()).text).toContain("atelier_audit_rows_dropped_total 1");
  });

  it("writes a target that is cut in the middle of a character, and later rows", async () => {
    const { trail } = start();
    trail.record({ action: "file.move", target: `${"x".repeat(1099)}😀` });
    trail.record({ action: "file.move", target: "half \ud83d a pair" });
    trail.record({ action: "file.put", target: "after" });
    await trail.flush();
    expect((await rows()).map(({ target }) => target)).toEqual([
      expect.stringMatching(/^x{1099}\ufffd$/u),
      "half \ufffd a pair",
      "after",
    ]);
  });

  it("drops, counts and logs a row that the database refuses, and writes the other rows of its batch", async () => {
    const lines: [string, unknown][] = [];
    const write = (event: string, fields?: unknown): void => void lines.push([event, fields]);
    const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log };
    const { trail, metrics } = start(database.sql, log);
    for (let at = 0; at < 20; at += 1) trail.record({ action: "file.put", target: String(at) });
    trail.record({ action: "file.put", userId: "no id", target: "secret" });
    for (let at = 20; at < 40; at += 1) trail.record({ action: "file.put", target: String(at) });
    await trail.flush();
    expect((await rows()).map(({ target }) => Number(target)).toSorted((a, b) => a - b)).toEqual([...Array(40).keys()]);
    const text = (await metrics.scrape()).text;
    expect(text).toContain("atelier_audit_rows_dropped_total 1");
    expect(text).toContain("atelier_audit_rows_waiting 0");
    expect(lines.filter(([event]) => event === "audit.row-refused")).toHaveLength(1);
    expect(JSON.stringify(lines)).not.toContain("secret");
  });

  it("can't be changed or read by the server's roles", async () => {
    const { trail } = start();
    trail.record({ action: "file.put" });
    await trail[Symbol.asyncDispose]();
    for (const role of ["identity", "jobs"] as const) {
      for (const statement of [
        "delete from audit_log",
        "update audit_log set action = 'x'",
        "select * from audit_log",
      ]) {
        const attempt = database.sql.transaction({ role }, (transaction) => transaction.query(statement));
        await expect(attempt, `${role}: ${statement}`).rejects.toThrow(/permission denied/u);
      }
    }
    expect(await rows()).toHaveLength(1);
  });
});
