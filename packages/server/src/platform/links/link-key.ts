/** The key of links, derived from the secret key that all servers of one database share (HKDF-SHA-256). */
import { hkdfSync } from "node:crypto";

/** @returns 32 bytes */
export const linkKey = (secretKey: Uint8Array): Buffer =>
  Buffer.from(hkdfSync("sha256", secretKey, "", "atelier/links/v1", 32));
