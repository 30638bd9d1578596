import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import { migrate, readMigrations, type Migration } from "./migrate.ts";
import { openTestDatabase, type TestDatabase } from "./test-database.ts";

let database: TestDatabase;
let known: Migration[];
beforeAll(async () => {
  database = await openTestDatabase();
  known = await readMigrations();
});
afterAll(() => database[Symbol.asyncDispose]());

const run = (migrations: Migration[]) =>
  migrate({ url: database.adminUrl, serverRole: "atelier_server", log: silentLog, migrations });
const planted = (version: number, text: string): Migration => ({
  version,
  name: `${version}_planted.sql`,
  text,
  checksum: text,
});

describe("migrations", () => {
  test("[S1] are applied once, in order, also when several servers start at once", async () => {
    // Ascending; numbers may be skipped.
    const versions = known.map(({ version }) => version);
    expect(versions).toEqual([...new Set(versions)].toSorted((a, b) => a - b));
    expect(await run(known)).toBe(0);
    const more = [...known, planted(9001, "create table planted_once (id integer)")];
    const counts = await Promise.all([run(more), run(more), run(more)]);
    expect(counts.toSorted()).toEqual([0, 0, 1]);
  });

  test("[S1] a failing one is rolled back", async () => {
    const more = [...known, planted(9001, "create table planted_once (id integer)")];
    const failing = planted(9002, "create table planted_half (id integer); select 1 / 0");
    await expect(run([...more, failing])).rejects.toThrow(/9002_planted.*division by zero/u);
    const admin = await database.openAdmin();
    expect((await admin.query("select to_regclass('planted_half') as found")).rows).toEqual([{ found: null }]);
  });

  test("[S2] a newer schema and a changed migration are refused", async () => {
    await expect(run(known)).rejects.toThrow(/newer than this program/u);
    const more = [...known, planted(9001, "create table planted_once (id bigint)")];
    await expect(run(more)).rejects.toThrow(/changed after/u);
  });
});
