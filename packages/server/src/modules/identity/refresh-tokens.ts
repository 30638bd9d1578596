/**
 * Refresh tokens: opaque to clients. Each contains its sign-in and a MAC, so that the reuse of an older token of this server is
 * distinguished from an invented token.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { deriveKey } from "./derived-key.ts";

const ID_BYTES = 16;
const SECRET_BYTES = 24;
const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const TOKEN_LENGTH = Math.ceil(((ID_BYTES + SECRET_BYTES + TAG_BYTES) * 4) / 3);

export type RefreshTokens = {
  create(signInId: string): string;
  /** The sign-in of a token of this server, also when it is no longer valid; undefined: not from this server. */
  signInOf(token: string): string | undefined;
  /** The hash that is stored instead of the token. */
  hash(token: string): Buffer;
  /** Encrypts the successor, which the previous token still gets for 30 s. */
  seal(token: string): Buffer;
  /** @throws Error when it was not encrypted by this server */
  unseal(sealed: Uint8Array): string;
};

const toUuid = (bytes: Buffer): string => {
  const hex = bytes.toString("hex");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
};

export const createRefreshTokens = (secretKey: Uint8Array): RefreshTokens => {
  const tagKey = deriveKey(secretKey, "refresh-token");
  const sealKey = deriveKey(secretKey, "refresh-successor");
  const tagOf = (body: Buffer): Buffer => createHmac("sha256", tagKey).update(body).digest().subarray(0, TAG_BYTES);
  return {
    create(signInId) {
      const body = Buffer.concat([Buffer.from(signInId.replaceAll("-", ""), "hex"), randomBytes(SECRET_BYTES)]);
      return Buffer.concat([body, tagOf(body)]).toString("base64url");
    },
    signInOf(token) {
      if (token.length !== TOKEN_LENGTH) return undefined;
      const bytes = Buffer.from(token, "base64url");
      if (bytes.length !== ID_BYTES + SECRET_BYTES + TAG_BYTES) return undefined;
      const body = bytes.subarray(0, ID_BYTES + SECRET_BYTES);
      return timingSafeEqual(tagOf(body), bytes.subarray(body.length)) ? toUuid(body.subarray(0, ID_BYTES)) : undefined;
    },
    hash: (token) => createHash("sha256").update(token).digest(),
    seal(token) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", sealKey, nonce);
      return Buffer.concat([nonce, cipher.update(token, "utf8"), cipher.final(), cipher.getAuthTag()]);
    },
    unseal(sealed) {
      const bytes = Buffer.from(sealed);
      const decipher = createDecipheriv("aes-256-gcm", sealKey, bytes.subarray(0, NONCE_BYTES));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8");
    },
  };
};
