/** Which builds garbage collection removes, and what it never does. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { listBuilds, markUsed, nextBuildFolder } from "./builds.mjs";
import { collectGarbage, inUseMs, maxBytes, removeOldDownloads, toRemove } from "./collect.mjs";

const now = Date.parse("2026-06-01T00:00:00.000Z");
const day = 24 * 3_600_000;
const digit = (name: string): string => name.padEnd(16, "0").replaceAll(/[^0-9a-f]/g, "a");
const id = (name: string, number = 1): string => `${name}-${digit(name)}${number === 1 ? "" : `-${number}`}`;

type Some = {
  readonly number?: number;
  readonly over?: string;
  readonly bytes?: number;
  readonly usedDaysAgo?: number;
  readonly builtDaysAgo?: number;
};
const build = (name: string, { number = 1, over, bytes = 100, usedDaysAgo = 1, builtDaysAgo = 10 }: Some = {}) => ({
  id: id(name, number),
  ...(over === undefined ? {} : { over }),
  bytes,
  usedAtMs: now - usedDaysAgo * day,
  builtAt: new Date(now - builtDaysAgo * day).toISOString(),
});
const base = build("base", { bytes: 400, usedDaysAgo: 90 });
const layer = (name: string, some: Some = {}) => build(name, { over: base.id, ...some });
const removed = (builds: ReturnType<typeof build>[], limit: number): string[] =>
  toRemove({ builds, nowMs: now, limit });

test("above the limit the layers that were used longest ago go, until all fit", () => {
  const builds = [
    base,
    layer("go", { usedDaysAgo: 3 }),
    layer("rust", { usedDaysAgo: 9 }),
    layer("lua", { usedDaysAgo: 5 }),
  ];
  expect(removed(builds, 700)).toEqual([]);
  expect(removed(builds, 699)).toEqual([id("rust")]);
  expect(removed(builds, 510)).toEqual([id("rust"), id("lua")]);
});

test("never what is in use, and never the base", () => {
  const inUse = layer("go", { usedDaysAgo: (inUseMs - 1) / day });
  expect(removed([base, inUse, layer("lua", { usedDaysAgo: inUseMs / day })], 0)).toEqual([id("lua")]);
});

test("a superseded build goes when it is idle, and its base with its last layer", () => {
  const newBase = build("base", { number: 2, builtDaysAgo: 1 });
  const newLua = layer("lua", { number: 2, over: newBase.id, builtDaysAgo: 1 });
  const oldGo = layer("go", { usedDaysAgo: 0.01 });
  expect(removed([base, newBase, layer("lua"), newLua, oldGo], 10_000)).toEqual([id("lua")]);
  expect(removed([base, newBase, layer("lua"), newLua], 10_000)).toEqual([id("lua"), base.id]);
});

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

test("on disk: use is a stamp, images for tests stay, and an incomplete build is none", async () => {
  const images = mkdtempSync(join(tmpdir(), "atelier-images-"));
  folders.push(images);
  const add = (name: string, facts: object): string => {
    const folder = nextBuildFolder(images, `${name}-${digit(name)}`);
    mkdirSync(join(folder, "rootfs"), { recursive: true });
    writeFileSync(
      join(folder, "image.json"),
      JSON.stringify({ name, packages: {}, recipe: {}, bytes: 100, builtAt: "2026-01-01T00:00:00.000Z", ...facts }),
    );
    return folder;
  };
  add("base", {});
  const go = add("go", { over: id("base") });
  add("lua", { over: id("base") });
  add("test-guest", {});
  add("orphan", { over: "base-ffffffffffffffff" });
  mkdirSync(join(images, id("perl")));
  markUsed(go, new Date(now));
  markUsed(go, new Date(now));
  expect(listBuilds(images).map((one) => one.id)).toEqual([id("base"), id("go"), id("lua"), id("test-guest")]);
  expect(nextBuildFolder(images, `go-${digit("go")}`)).toBe(`${go}-2`);
  expect(await collectGarbage(images, { nowMs: now, limit: 0 })).toEqual([id("lua")]);
  expect(readdirSync(images)).not.toContain(id("lua"));
  expect(readdirSync(images)).toContain(id("go"));
});

test("downloads go a day after they came in, whatever time they carry", () => {
  const downloads = mkdtempSync(join(tmpdir(), "atelier-downloads-"));
  folders.push(downloads);
  mkdirSync(join(downloads, "maven"));
  const files = ["lua5.4_5.4.7_amd64.deb", "lock", "maven/a.jar"];
  for (const file of files) {
    writeFileSync(join(downloads, file), "");
    utimesSync(join(downloads, file), 0, 0);
  }
  removeOldDownloads(downloads, Date.now());
  expect(files.map((file) => existsSync(join(downloads, file)))).toEqual([true, true, true]);
  removeOldDownloads(downloads, Date.now() + 2 * day);
  expect(files.map((file) => existsSync(join(downloads, file)))).toEqual([false, true, false]);
});

test("IMAGES_MAX_BYTES is the limit, 16 GiB without it", () => {
  expect([maxBytes({}), maxBytes({ IMAGES_MAX_BYTES: "5000" })]).toEqual([16 * 2 ** 30, 5000]);
  expect(() => maxBytes({ IMAGES_MAX_BYTES: "5 GB" })).toThrow("IMAGES_MAX_BYTES");
});
