import { expect, test } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { FatalStorageError, type BlobStore } from "#platform/blobs";
import { createStagingMover } from "./staging-mover.ts";
import { openFilesForFile } from "./test-files.ts";

const { projects, alice } = await openFilesForFile();
const projectId = (await projects.service.createProject(alice, { name: "Test" })).id;

const clock = createManualClock();
const fatal: unknown[] = [];
const moverTo = (blobs: BlobStore) =>
  createStagingMover({
    sql: projects.database.sql,
    blobs,
    clock,
    log: silentLog,
    everyMs: 1_000,
    onFatal: (error) => fatal.push(error),
  });
const staged = async (): Promise<number> => {
  const { rows } = await projects.admin.query<{ n: number }>("select count(*)::int as n from blob_staging");
  return rows[0]?.n ?? -1;
};
const read = async (path: string) =>
  Buffer.from((await projects.service.read(alice, projectId, { path })).bytes).toString();

test("[P10] bodies move to the store and are read from there; a crash between the two steps loses nothing", async () => {
  for (let index = 0; index < 100; index++) {
    await projects.service.createFile(alice, projectId, { path: `f${index}`, content: `body ${index}` });
  }
  expect(await staged()).toBe(100);
  let puts = 0;
  const dying: BlobStore = {
    ...projects.blobs,
    async put(key, bytes) {
      if (++puts > 10) throw new Error("planted");
      await projects.blobs.put(key, bytes);
    },
  };
  await expect(moverTo(dying).moveBatch()).rejects.toThrow("planted");
  expect(await staged()).toBe(100);
  expect(await read("f0")).toBe("body 0");
  const mover = moverTo(projects.blobs);
  while ((await mover.moveBatch()) > 0);
  expect(await staged()).toBe(0);
  for (let index = 0; index < 100; index++) expect(await read(`f${index}`)).toBe(`body ${index}`);
});

test("[P10] a changed byte in the store is never served", async () => {
  const { rows } = await projects.admin.query<{ storage_key: string }>(
    "select b.storage_key from blob_references b join nodes n on n.hash = b.hash where n.name = 'f7'",
  );
  const key = rows[0]?.storage_key ?? "";
  const sealed = Buffer.from((await projects.blobs.get(key)) ?? []);
  sealed[20] = (sealed[20] ?? 0) ^ 1;
  await projects.blobs.delete(key);
  await projects.blobs.put(key, sealed);
  await expect(read("f7")).rejects.toThrow();
  expect(await read("f8")).toBe("body 8");
});

test("[P10] moves bodies periodically, continues after a failure, and reports a failed disk", async () => {
  await projects.service.createFile(alice, projectId, { path: "by-itself", content: "unique body" });
  let failing = true;
  const store: BlobStore = {
    ...projects.blobs,
    async put(key, bytes) {
      if (failing) throw new FatalStorageError("planted");
      await projects.blobs.put(key, bytes);
    },
  };
  const mover = moverTo(store);
  await mover.start(new AbortController().signal);
  clock.advance(1_000);
  await expect.poll(() => fatal.length).toBe(1);
  failing = false;
  await expect
    .poll(async () => {
      clock.advance(1_000);
      return staged();
    })
    .toBe(0);
  await mover[Symbol.asyncDispose]();
});
