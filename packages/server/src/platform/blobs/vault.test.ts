import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadSecretKey } from "./secret-key.ts";
import { createVault } from "./vault.ts";

const vault = createVault(randomBytes(32));
const bytes = Buffer.from("print('hello')\n");
const hash = createHash("sha256").update(bytes).digest("hex");

const flipped = (source: Uint8Array, index: number): Buffer => {
  const copy = Buffer.from(source);
  copy[index] = (copy[index] ?? 0) ^ 1;
  return copy;
};

describe("vault", () => {
  test("[V1] the owner's key opens sealed bytes", () => {
    const blob = vault.seal("owner", bytes, hash);
    expect(Buffer.from(vault.open("owner", blob))).toEqual(bytes);
    expect(Buffer.from(blob.sealed).includes(bytes)).toBe(false);
  });

  test("[V2] one flipped byte anywhere is refused", () => {
    const blob = vault.seal("owner", bytes, hash);
    let refused = 0;
    for (let index = 0; index < blob.sealed.length; index++) {
      expect(() => vault.open("owner", { ...blob, sealed: flipped(blob.sealed, index) })).toThrow();
      refused++;
    }
    for (let index = 0; index < blob.wrappedKey.length; index++) {
      expect(() => vault.open("owner", { ...blob, wrappedKey: flipped(blob.wrappedKey, index) })).toThrow();
      refused++;
    }
    expect(refused).toBe(blob.sealed.length + blob.wrappedKey.length);
    expect(() => vault.open("owner", { ...blob, sealed: blob.sealed.subarray(0, 20) })).toThrow();
  });

  test("[V3] another owner's key, another name and another secret do not open", () => {
    const blob = vault.seal("owner", bytes, hash);
    expect(() => vault.open("other", blob)).toThrow();
    expect(() => vault.open("owner", { ...blob, storageKey: `${blob.storageKey}0` })).toThrow();
    expect(() => createVault(randomBytes(32)).open("owner", blob)).toThrow();
  });

  test("[V4] the same content has different names for two owners, and for two uploads", () => {
    const names = [vault.seal("a", bytes, hash), vault.seal("b", bytes, hash), vault.seal("a", bytes, hash)].map(
      (blob) => blob.storageKey,
    );
    expect(new Set(names).size).toBe(3);
    expect(names[0]?.slice(0, 64)).toBe(names[2]?.slice(0, 64));
    expect(names[0]?.slice(0, 64)).not.toBe(names[1]?.slice(0, 64));
    expect(names.some((name) => name.includes(hash))).toBe(false);
  });

  test("[V5] rewrapped, the same body opens for the new owner", () => {
    const blob = vault.seal("a", bytes, hash);
    const wrappedKey = vault.rewrap("a", "b", blob.wrappedKey, blob.storageKey);
    expect(Buffer.from(vault.open("b", { ...blob, wrappedKey }))).toEqual(bytes);
    expect(() => vault.open("a", { ...blob, wrappedKey })).toThrow();
  });
});

describe("secret key", () => {
  test("[V6] is generated once, private, and stays the same, also when two servers start at once", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "atelier-key-"));
    try {
      const keys = await Promise.all([1, 2, 3].map(() => loadSecretKey({ secretKey: undefined, dataDir })));
      expect(new Set(keys.map((key) => Buffer.from(key).toString("hex"))).size).toBe(1);
      expect((await stat(join(dataDir, "secret.key"))).mode & 0o777).toBe(0o600);
      expect(await loadSecretKey({ secretKey: undefined, dataDir })).toEqual(keys[0]);
      expect((await readFile(join(dataDir, "secret.key"), "utf8")).trim()).toHaveLength(64);
      await writeFile(join(dataDir, "secret.key"), "damaged");
      await expect(loadSecretKey({ secretKey: undefined, dataDir })).rejects.toThrow(/does not contain a key/u);
    } finally {
      await rm(dataDir, { recursive: true });
    }
  });

  test("[V6] a setting has precedence, and a short one is refused", async () => {
    const dataDir = "/nowhere";
    expect(await loadSecretKey({ secretKey: "x".repeat(40), dataDir })).toHaveLength(32);
    await expect(loadSecretKey({ secretKey: "short", dataDir })).rejects.toThrow(/SECRET_KEY/u);
  });
});
