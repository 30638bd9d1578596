import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "#kernel/clock";
import { createAccountQuota, createFilesHousekeeping } from "#files";
import { createPostgresLogRetention } from "./adapters/postgres-log-retention.ts";
import { createSnapshots } from "../snapshot/snapshots.ts";
import { createCollaborationHousekeeping } from "./housekeeping.ts";
import { openTestCollaboration, until, type TestCollaboration } from "../test-collaboration.ts";

const DAY_MS = 24 * 3600 * 1000;

let fixture: TestCollaboration;
beforeAll(async () => {
  fixture = await openTestCollaboration();
}, 60_000);
afterAll(() => fixture[Symbol.asyncDispose](), 60_000);

const query = <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  fixture.database.sql.transaction({ role: "jobs" }, (transaction) => transaction.query<Row>(text, values));

/** One whole round of a task. @returns how much it removed */
const run = async (name: string, options: { logBytes?: number; inMs?: number } = {}): Promise<number> => {
  const { sql } = fixture.database;
  const snapshots = createSnapshots({ sql, vault: fixture.vault, blobs: fixture.blobs, onDamaged: () => undefined });
  const tasks = createCollaborationHousekeeping(
    { retention: createPostgresLogRetention(sql), snapshots },
    { logBytes: options.logBytes ?? 1e9 },
  );
  const task = tasks.find((found) => found.name === name);
  if (task === undefined) throw new Error(`no task ${name}`);
  let removed = 0;
  for (let steps = 0; steps < 100; steps += 1) {
    const done = await task.step(Date.now() + (options.inMs ?? 0));
    removed += done.removed;
    if (!done.more) return removed;
  }
  throw new Error(`${name} does not end`);
};

/** A document that was open several times, each time with edits. */
const editedOften = async (text: string, times = 4): Promise<string> => {
  const fileId = await fixture.files.add(text);
  for (let time = 0; time < times; time += 1) {
    const server = await fixture.serve();
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    for (let n = 0; n < 20; n += 1) client.insert(0, `${time}.${n} ${"x".repeat(500)}\n`);
    await until(() => client.saved === client.sent);
    await server.stop();
  }
  return fileId;
};
const logged = async (fileId: string): Promise<number[]> =>
  (await query<{ sequence: number }>("select sequence from document_log where file_id = $1 order by 1", [fileId])).map(
    (row) => row.sequence,
  );

const snapshotKeys = async (fileId: string): Promise<string[]> =>
  (await query<{ key: string }>("select storage_key as key from document_snapshots where file_id = $1", [fileId])).map(
    ({ key }) => key,
  );

describe("retention of logs and snapshots", () => {
  it("[C48] updates that snapshots and a version have are removed after a month, or above a size; the document is unchanged", async () => {
    const fileId = await editedOften("old\n");
    const text = fixture.files.text(fileId);
    const before = await logged(fileId);
    expect(await run("collaboration.log")).toBe(0);
    expect(await run("collaboration.log", { inMs: 29 * DAY_MS })).toBe(0);
    // Half of it by size …
    expect(await run("collaboration.log", { logBytes: 25_000 })).toBeGreaterThan(0);
    const bySize = await logged(fileId);
    expect(bySize.length).toBeGreaterThan(20);
    expect(bySize.length).toBeLessThan(before.length);
    // … and by age all that the older of the two snapshots has.
    expect(await run("collaboration.log", { inMs: 31 * DAY_MS })).toBeGreaterThan(0);
    const [older] = await query<{ sequence: number }>(
      "select min(sequence) as sequence from document_snapshots where file_id = $1",
      [fileId],
    );
    expect((await logged(fileId))[0]).toBe((older?.sequence ?? 0) + 1);
    const server = await fixture.serve();
    const reader = await server.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.text).toBe(text);
    expect(reader.facts[0]?.generation).toBe(1);
    await server.stop();
  }, 40_000);

  it("[C48] updates that are not yet in a snapshot and a version are kept, whatever their age and size", async () => {
    const fileId = await fixture.files.add("");
    const server = await fixture.serve();
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    for (let n = 0; n < 50; n += 1) client.insert(0, "y".repeat(1_000));
    await until(() => client.saved === client.sent);
    const before = await logged(fileId);
    await server.crash();
    await run("collaboration.log", { inMs: 400 * DAY_MS, logBytes: 0 });
    expect(await logged(fileId)).toEqual(before);
    const again = await fixture.serve();
    const reader = await again.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.text).toBe("y".repeat(50_000));
    await again.stop();
  }, 20_000);

  it("[C49] with both snapshots damaged and the log trimmed a new generation begins from the version", async () => {
    const fileId = await editedOften("sound\n");
    const text = fixture.files.text(fileId);
    await run("collaboration.log", { inMs: 31 * DAY_MS });
    for (const key of await snapshotKeys(fileId)) await fixture.damage(key);
    const server = await fixture.serve();
    const stale = await server.speak(fileId, { query: "generation=1" });
    await until(() => stale.closeCode === 4409);
    const reader = await server.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.text).toBe(text);
    expect(reader.facts[0]?.generation).toBe(2);
    reader.insert(0, "and on: ");
    await until(() => reader.saved === reader.sent);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe(`and on: ${text}`);
  }, 40_000);

  it("[C60] a log that grows fast is shortened while its document is open, and counts for document and account", async () => {
    const fileId = await fixture.files.add("short\n");
    const server = await fixture.serve({ shrinkLogBytes: 50_000, keptLogBytes: 100_000 });
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    let sent = 0;
    client.doc.on("update", (update: Uint8Array) => (sent += update.byteLength));
    for (let n = 0; n < 800; n += 1) {
      client.insert(0, "x".repeat(1_000));
      client.doc.getText("content").delete(0, 1_000);
      if (n % 20 === 19) await until(() => client.saved === client.sent);
    }
    const measure = async () => {
      const [row] = await query<{ counted: number; kept: number; logged: number }>(
        `select history_bytes as counted, logged, logged + (
            select coalesce(sum(bytes), 0) from document_snapshots s where s.file_id = d.file_id) as kept
          from documents d, lateral (
            select sum(octet_length(update)) as logged from document_log l where l.file_id = d.file_id) l
          where d.file_id = $1`,
        [fileId],
      );
      return { counted: Number(row?.counted), kept: Number(row?.kept), logged: Number(row?.logged) };
    };
    expect(sent).toBeGreaterThan(800_000);
    for (;;) if ((await measure()).logged < 400_000) break;
    expect(client.closeCode).toBeUndefined();
    client.insert(0, "after all: ");
    await until(() => client.saved === client.sent);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("after all: short\n");
    // The count kept along the way is approximate; housekeeping makes it exact.
    const before = await measure();
    expect(before.counted).toBeGreaterThan(before.kept / 2);
    await run("collaboration.log");
    const { counted, kept } = await measure();
    expect(counted).toBe(kept);
    const isFull = (mostBytes: number) =>
      createAccountQuota({ sql: fixture.database.sql, clock: systemClock, mostBytes }).isFull(fixture.files.ownerId);
    expect([await isFull(kept), await isFull(1e9)]).toEqual([true, false]);
    const again = await fixture.serve();
    const reader = await again.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.text).toBe("after all: short\n");
    await again.stop();
  }, 40_000);

  it("[C60] the documents of an account that is full through histories refuse text, also when their text did not change", async () => {
    const fileId = await fixture.files.add("same\n");
    const server = await fixture.serve({ shrinkLogBytes: 20_000 });
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    fixture.files.state.isFull = true;
    for (let n = 0; n < 200 && client.closeCode === undefined; n += 1) {
      client.insert(0, "x".repeat(1_000));
      client.doc.getText("content").delete(0, 1_000);
      await until(() => client.saved === client.sent || client.closeCode !== undefined);
    }
    fixture.files.state.isFull = false;
    await until(() => client.closeCode !== undefined);
    expect(client.closeCode).toBe(4413);
    await server.stop();
  }, 20_000);

  it("[C64] the sweep of stray blobs leaves a snapshot's blob as long as there is its row", async () => {
    const [key] = await snapshotKeys(await editedOften("swept\n", 1));
    const { sql } = fixture.database;
    const sweep = async (): Promise<void> => {
      const tasks = createFilesHousekeeping({ sql, blobs: fixture.blobs });
      const task = tasks.find(({ name }) => name === "projects.stray-blobs");
      for (let prefix = 0; prefix < 256; prefix += 1) await task?.step(Date.now() + 2 * DAY_MS);
    };
    await sweep();
    expect(await fixture.blobs.has(key ?? "")).toBe(true);
    await query("delete from document_snapshots where storage_key = $1", [key]);
    await sweep();
    expect(await fixture.blobs.has(key ?? "")).toBe(false);
  }, 20_000);

  it("[C48] the log and snapshots of a removed file are removed, and no others", async () => {
    const [gone, stays] = [await editedOften("gone\n", 2), await editedOften("stays\n", 2)];
    const kept = await logged(stays);
    await query("delete from nodes where id = $1", [gone]);
    expect(await logged(gone)).not.toEqual([]);
    expect(await run("collaboration.remains")).toBeGreaterThan(0);
    expect(await logged(gone)).toEqual([]);
    expect(await query("select from document_snapshots where file_id = $1", [gone])).toEqual([]);
    expect(await logged(stays)).toEqual(kept);
    expect(await query("select from document_remains")).toEqual([]);
  }, 40_000);
});
