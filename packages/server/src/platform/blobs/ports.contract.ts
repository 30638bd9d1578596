/** What every BlobStore does; each adapter's test calls this. */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { BlobStore } from "./ports.ts";

const newKey = (): string => `${randomBytes(32).toString("hex")}-${randomBytes(8).toString("hex")}`;

export const describeBlobStore = (name: string, open: () => Promise<BlobStore>): void => {
  describe(`BlobStore: ${name}`, () => {
    test("[B1] what was put is got, byte for byte, also empty and with every byte value", async () => {
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
    test("[B2] an absent key is undefined, is not had, and may be deleted", async () => {
      const store = await open();
      const key = newKey();
      expect(await store.get(key)).toBeUndefined();
      expect(await store.has(key)).toBe(false);
      await store.delete(key);
    });
    test("[B3] putting again does nothing, also at the same time", async () => {
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
    test("[B5] a key that is a path is refused", async () => {
      const store = await open();
      for (const key of ["../../etc/passwd", "a/b", "", "ab\0cdefgh"]) {
        await expect(store.get(key)).rejects.toThrow(TypeError);
        await expect(store.put(key, new Uint8Array())).rejects.toThrow(TypeError);
      }
    });
  });
};
