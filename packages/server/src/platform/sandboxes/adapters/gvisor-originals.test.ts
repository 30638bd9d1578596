/** The life of an original, and the removal of its files when it is no longer used. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ageMaximumMs, copiesMaximum, createOriginals } from "./gvisor-originals.ts";

const parent = mkdtempSync(join(tmpdir(), "atelier-originals-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

let made = 0;
const open = (now: () => number = () => 0): { folder: string; originals: ReturnType<typeof createOriginals> } => {
  const folder = join(parent, String(made++));
  return { folder, originals: createOriginals(folder, now) };
};
const write = (folder: string): Promise<void> => {
  writeFileSync(join(folder, "pages"), "x");
  return Promise.resolve();
};
const kept = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

describe("originals", () => {
  test("acquire gives nothing until an original is written, then one for each kind", async () => {
    const { originals } = open();
    expect(originals.acquire("a")).toBeUndefined();
    expect(await originals.renew("a", write)).toBe(true);
    expect(await originals.renew("a", write)).toBe(false);
    const acquired = originals.acquire("a");
    expect(existsSync(join(acquired?.folder ?? "", "pages"))).toBe(true);
    expect(originals.acquire("b")).toBeUndefined();
  });

  test("only one is written at a time", async () => {
    const { originals } = open();
    const gate = Promise.withResolvers<void>();
    const first = originals.renew("a", () => gate.promise);
    expect(await originals.renew("a", write)).toBe(false);
    gate.resolve();
    expect(await first).toBe(true);
  });

  test("an original serves a limited number of copies, and is removed with the last reader", async () => {
    const { folder, originals } = open();
    await originals.renew("a", write);
    const acquired = Array.from({ length: copiesMaximum }, () => originals.acquire("a"));
    expect(acquired.every((one) => one !== undefined)).toBe(true);
    expect(originals.acquire("a")).toBeUndefined();
    for (const one of acquired.slice(1)) one?.release();
    expect(kept(folder)).toHaveLength(1);
    acquired[0]?.release();
    expect(kept(folder)).toEqual([]);
    expect(await originals.renew("a", write)).toBe(true);
    expect(originals.acquire("a")?.folder).not.toBe(acquired[0]?.folder);
  });

  test("an original serves for a limited time", async () => {
    let now = 0;
    const { folder, originals } = open(() => now);
    await originals.renew("a", write);
    now = ageMaximumMs;
    originals.acquire("a")?.release();
    now += 1;
    expect(originals.acquire("a")).toBeUndefined();
    expect(kept(folder)).toEqual([]);
  });

  test("a kind whose original or copy failed gets no further originals", async () => {
    const { folder, originals } = open();
    await expect(originals.renew("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await originals.renew("a", write)).toBe(false);
    await originals.renew("b", write);
    originals.giveUp("b");
    expect(originals.acquire("b")).toBeUndefined();
    expect(await originals.renew("b", write)).toBe(false);
    expect(kept(folder)).toEqual([]);
  });

  test("originals of an earlier server can be removed, and a missing one is written again", async () => {
    const { folder, originals } = open();
    mkdirSync(join(folder, "left"), { recursive: true });
    await originals.renew("a", write);
    originals.clear();
    expect(kept(folder)).toEqual([]);
    expect(originals.acquire("a")).toBeUndefined();
    expect(await originals.renew("a", write)).toBe(true);
  });
});
