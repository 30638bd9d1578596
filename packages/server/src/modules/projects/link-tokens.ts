/** Encrypts tokens of share links (AES-256-GCM under a key of their own), so that the owner can copy a link again. */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";

const CIPHER = "aes-256-gcm";
const TOKEN_BYTES = 24;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

export type LinkTokens = {
  /** 192 random bits, base64url. */
  create(): string;
  /** @param linkId the token can be decrypted for this link only */
  seal(token: string, linkId: string): Buffer;
  /** Undefined when it was encrypted under another key or for another link, or was changed. */
  open(sealed: Uint8Array, linkId: string): string | undefined;
};

/** @param secretKey the installation's key; tokens encrypted under another one can't be shown again, but still work */
export const createLinkTokens = (secretKey: Uint8Array): LinkTokens => {
  const key = Buffer.from(hkdfSync("sha256", secretKey, "", "atelier/projects/share-link-tokens", 32));
  return {
    create: () => randomBytes(TOKEN_BYTES).toString("base64url"),
    seal(token, linkId) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce).setAAD(Buffer.from(linkId));
      return Buffer.concat([nonce, cipher.update(token, "utf8"), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, linkId) {
      if (sealed.byteLength < NONCE_BYTES + TAG_BYTES) return undefined;
      try {
        const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), { authTagLength: TAG_BYTES })
          .setAAD(Buffer.from(linkId))
          .setAuthTag(sealed.subarray(-TAG_BYTES));
        const token = decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES));
        return Buffer.concat([token, decipher.final()]).toString("utf8");
      } catch {
        return undefined;
      }
    },
  };
};
