/** Encryption of content: a random key for each blob, wrapped under a key of its owner that is derived from SECRET_KEY. */
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { Vault } from "./ports.ts";

const CIPHER = "aes-256-gcm";
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const RANDOM_PART_BYTES = 8;
const MAX_OWNERS_CACHED = 4_096;

type OwnerKeys = { readonly wrapping: Buffer; readonly naming: Buffer };

const encrypt = (key: Buffer, bytes: Uint8Array, bound: string): Buffer => {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(bound));
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
};

const decrypt = (key: Buffer, sealed: Uint8Array, bound: string): Buffer => {
  const bytes = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (bytes.length < NONCE_BYTES + TAG_BYTES) throw new Error("The sealed bytes are too short.");
  const decipher = createDecipheriv(CIPHER, key, bytes.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(bound))
    .setAuthTag(bytes.subarray(bytes.length - TAG_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, bytes.length - TAG_BYTES)), decipher.final()]);
};

/** @param secretKey at least 32 random bytes; without it sealed bytes cannot be opened */
export const createVault = (secretKey: Uint8Array): Vault => {
  if (secretKey.byteLength < KEY_BYTES) throw new RangeError(`The secret key has less than ${KEY_BYTES} bytes.`);
  const owners = new Map<string, OwnerKeys>();

  const keysOf = (ownerId: string): OwnerKeys => {
    let keys = owners.get(ownerId);
    if (keys === undefined) {
      const derived = Buffer.from(hkdfSync("sha256", secretKey, "atelier", `blobs of ${ownerId}`, 2 * KEY_BYTES));
      keys = { wrapping: derived.subarray(0, KEY_BYTES), naming: derived.subarray(KEY_BYTES) };
      if (owners.size >= MAX_OWNERS_CACHED) owners.clear();
      owners.set(ownerId, keys);
    }
    return keys;
  };

  // The storage key is additional data of both encryptions, so a body or a key under another name does not open.
  return {
    seal(ownerId, bytes, hash) {
      const { wrapping, naming } = keysOf(ownerId);
      const name = createHmac("sha256", naming).update(hash).digest("hex");
      const storageKey = `${name}-${randomBytes(RANDOM_PART_BYTES).toString("hex")}`;
      const dataKey = randomBytes(KEY_BYTES);
      return {
        storageKey,
        wrappedKey: encrypt(wrapping, dataKey, storageKey),
        sealed: encrypt(dataKey, bytes, storageKey),
      };
    },
    open(ownerId, { wrappedKey, sealed, storageKey }) {
      const dataKey = decrypt(keysOf(ownerId).wrapping, wrappedKey, storageKey);
      return decrypt(dataKey, sealed, storageKey);
    },
    rewrap(fromOwnerId, toOwnerId, wrappedKey, storageKey) {
      const dataKey = decrypt(keysOf(fromOwnerId).wrapping, wrappedKey, storageKey);
      return encrypt(keysOf(toOwnerId).wrapping, dataKey, storageKey);
    },
  };
};
