import { mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { FatalStorageError } from "../fatal-storage-error.ts";
import { describeBlobStore } from "../ports.contract.ts";
import { openFolderBlobStore, type DiskSync } from "./folder-blob-store.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "atelier-blobs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describeBlobStore("folder", () => openFolderBlobStore(join(folder, "contract")));

const key = `${"ab".repeat(32)}-0011223344556677`;

test("[B6] a failed fsync is fatal and not retried, and the blob has no name", async () => {
  let calls = 0;
  const failing: DiskSync = {
    async data() {
      calls++;
      throw Object.assign(new Error("EIO"), { code: "EIO" });
    },
    folder: async () => undefined,
  };
  const store = await openFolderBlobStore(join(folder, "failing"), failing);
  await expect(store.put(key, Buffer.from("x"))).rejects.toThrow(FatalStorageError);
  expect(calls).toBe(1);
  expect(await store.has(key)).toBe(false);
});

test("[B6] the data is synced before the rename, and the folder after it", async () => {
  const order: string[] = [];
  const watching: DiskSync = {
    async data(handle) {
      await handle.datasync();
      order.push("data");
    },
    async folder(handle) {
      await handle.sync();
      order.push("folder");
    },
  };
  const store = await openFolderBlobStore(join(folder, "order"), watching);
  await store.put(key, Buffer.from("x"));
  expect(order.indexOf("data")).toBeGreaterThan(-1);
  expect(order.at(-1)).toBe("folder");
  expect(order.lastIndexOf("folder")).toBeGreaterThan(order.indexOf("data"));
});

test("[B7] files of interrupted writes are removed an hour later; newer ones may be another server's", async () => {
  const home = join(folder, "leftover");
  await openFolderBlobStore(home);
  for (const name of ["old", "new"]) await writeFile(join(home, "partial", name), "x");
  const twoHoursAgo = Date.now() / 1000 - 7_200;
  await utimes(join(home, "partial", "old"), twoHoursAgo, twoHoursAgo);
  await openFolderBlobStore(home);
  expect(await readdir(join(home, "partial"))).toEqual(["new"]);
});
