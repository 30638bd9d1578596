import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestDatabase, type TestDatabase } from "../../platform/sql/test-database.ts";
import { createDemandHistory } from "./demand-history.ts";

const HOUR_MS = 3_600_000;
const WEEK_MS = 168 * HOUR_MS;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

describe("the history of demand", () => {
  it("has the usual demand of this hour a week later, also after a restart", async () => {
    const clock = createManualClock(Date.parse("2026-03-04T10:00:00Z"));
    const open = async () => {
      const history = createDemandHistory({ sql: database.sql, clock, log: silentLog });
      await history.start(new AbortController().signal);
      return history;
    };
    const first = await open();
    for (let i = 0; i < 100; i += 1) first.arrived("python");
    first.arrived("c");
    expect(first.expectedPerHour("python")).toBe(0);
    clock.advance(HOUR_MS);
    await first[Symbol.asyncDispose]();
    expect(first.expectedPerHour("python")).toBe(0);

    clock.advance(WEEK_MS - HOUR_MS);
    const second = await open();
    expect([second.expectedPerHour("python"), second.expectedPerHour("c")]).toEqual([100, 1]);
    for (let i = 0; i < 200; i += 1) second.arrived("python");
    clock.advance(HOUR_MS);
    await second[Symbol.asyncDispose]();

    clock.advance(WEEK_MS - HOUR_MS);
    const third = await open();
    expect(third.expectedPerHour("python")).toBeCloseTo(130);
    expect(third.expectedPerHour("c")).toBeCloseTo(0.7);
    await third[Symbol.asyncDispose]();
  });
});
