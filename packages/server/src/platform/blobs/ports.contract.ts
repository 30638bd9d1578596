/** The contract suite of BlobStore; each adapter's test calls it. */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { BlobStore } from "./ports.ts";

const newKey = (): string => `${randomBytes(32).toString("hex")}-${randomBytes(8).toString("hex")}`;

export const describeBlobStore = (name: string, open: () => Promise<BlobStore>): void => {
  describe(`BlobStore: ${name}`, () => {
    test("[B1] get returns the bytes of put, also empty ones and every byte value", async () => {
      const store = await open();
      for (const bytes of [
        new Uint8Array(),
        Uint8Array.from({ length: 256 }, (_, index) => index),
        randomBytes(300_000),
      ]) {
        const key = newKey();
        await store.put(key, bytes);
        expect(Buffer.compare((await store.get(key)) ?? Buffer.from("absent"), bytes)).toBe(0);
        expect(await store.has(key)).toBe(true);
      }
    });
    test("[B2] for an absent key get gives undefined, has gives false, and delete does nothing", async () => {
      const store = await open();
      const key = newKey();
      expect(await store.get(key)).toBeUndefined();
      expect(await store.has(key)).toBe(false);
      await store.delete(key);
    });
    test("[B3] putting a key again does nothing, also concurrently", async () => {
      const store = await open();
      const key = newKey();
      const bytes = randomBytes(1_000);
      await Promise.all([store.put(key, bytes), store.put(key, bytes), store.put(key, bytes)]);
      await store.put(key, bytes);
      expect(Buffer.compare((await store.get(key)) ?? Buffer.alloc(0), bytes)).toBe(0);
    });
    test("[B4] a deleted blob is gone", async () => {
      const store = await open();
      const key = newKey();
      await store.put(key, randomBytes(10));
      await store.delete(key);
      expect(await store.get(key)).toBeUndefined();
    });
    test("[B8] a list has the keys of its prefix, and the times when they were put", async () => {
      const store = await open();
      const tail = newKey().slice(2);
      const keys = ["5f", "5e", "5f"].map((prefix, index) => `${prefix}${tail.slice(0, -1)}${index}`);
      for (const key of keys) await store.put(key, randomBytes(10));
      const listed: { key: string; storedAtMs: number }[] = [];
      for await (const found of store.list("5f")) listed.push(found);
      expect(
        listed
          .map(({ key }) => key)
          .filter((key) => keys.includes(key))
          .toSorted(),
      ).toEqual([keys[0], keys[2]]);
      expect(listed.every(({ key }) => key.startsWith("5f"))).toBe(true);
      for (const { storedAtMs } of listed) expect(Math.abs(Date.now() - storedAtMs)).toBeLessThan(60_000);
      for await (const found of store.list("00")) expect(found.key.startsWith("00")).toBe(true);
      await expect(store.list("..")[Symbol.asyncIterator]().next()).rejects.toThrow(TypeError);
    });
    test("[B5] a key that is a path is refused", async () => {
      const store = await open();
      for (const key of ["../../etc/passwd", "a/b", "", "ab\0cdefgh"]) {
        await expect(store.get(key)).rejects.toThrow(TypeError);
        await expect(store.put(key, new Uint8Array())).rejects.toThrow(TypeError);
      }
    });
  });
};
