/** How long a checkpoint serves, and that its files go when it is no longer used. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ageMaximumMs, copiesMaximum, createCheckpoints } from "./gvisor-checkpoints.ts";

const parent = mkdtempSync(join(tmpdir(), "atelier-checkpoints-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

let made = 0;
const open = (now: () => number = () => 0): { folder: string; checkpoints: ReturnType<typeof createCheckpoints> } => {
  const folder = join(parent, String(made++));
  return { folder, checkpoints: createCheckpoints(folder, now) };
};
const write = (folder: string): Promise<void> => {
  writeFileSync(join(folder, "pages"), "x");
  return Promise.resolve();
};
const kept = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : []);

describe("checkpoints", () => {
  test("there is none until one is written, and then one for each kind", async () => {
    const { checkpoints } = open();
    expect(checkpoints.hold("a")).toBeUndefined();
    expect(await checkpoints.renew("a", write)).toBe(true);
    expect(await checkpoints.renew("a", write)).toBe(false);
    const held = checkpoints.hold("a");
    expect(existsSync(join(held?.folder ?? "", "pages"))).toBe(true);
    expect(checkpoints.hold("b")).toBeUndefined();
  });

  test("only one is written at a time", async () => {
    const { checkpoints } = open();
    const gate = Promise.withResolvers<void>();
    const first = checkpoints.renew("a", () => gate.promise);
    expect(await checkpoints.renew("a", write)).toBe(false);
    gate.resolve();
    expect(await first).toBe(true);
  });

  test("it serves so many copies, and goes with the last that reads it", async () => {
    const { folder, checkpoints } = open();
    await checkpoints.renew("a", write);
    const held = Array.from({ length: copiesMaximum }, () => checkpoints.hold("a"));
    expect(held.every((one) => one !== undefined)).toBe(true);
    expect(checkpoints.hold("a")).toBeUndefined();
    for (const one of held.slice(1)) one?.release();
    expect(kept(folder)).toHaveLength(1);
    held[0]?.release();
    expect(kept(folder)).toEqual([]);
    expect(await checkpoints.renew("a", write)).toBe(true);
    expect(checkpoints.hold("a")?.folder).not.toBe(held[0]?.folder);
  });

  test("it serves so long", async () => {
    let now = 0;
    const { folder, checkpoints } = open(() => now);
    await checkpoints.renew("a", write);
    now = ageMaximumMs;
    checkpoints.hold("a")?.release();
    now += 1;
    expect(checkpoints.hold("a")).toBeUndefined();
    expect(kept(folder)).toEqual([]);
  });

  test("a kind whose checkpoint or copy failed is left alone", async () => {
    const { folder, checkpoints } = open();
    await expect(checkpoints.renew("a", () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await checkpoints.renew("a", write)).toBe(false);
    await checkpoints.renew("b", write);
    checkpoints.giveUp("b");
    expect(checkpoints.hold("b")).toBeUndefined();
    expect(await checkpoints.renew("b", write)).toBe(false);
    expect(kept(folder)).toEqual([]);
  });

  test("what an earlier server left can be cleared, and what is gone is written anew", async () => {
    const { folder, checkpoints } = open();
    mkdirSync(join(folder, "left"), { recursive: true });
    await checkpoints.renew("a", write);
    checkpoints.clear();
    expect(kept(folder)).toEqual([]);
    expect(checkpoints.hold("a")).toBeUndefined();
    expect(await checkpoints.renew("a", write)).toBe(true);
  });
});
