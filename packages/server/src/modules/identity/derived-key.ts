/** Derives one key per purpose from the installation's secret key (HKDF-SHA-256). */
import { hkdfSync } from "node:crypto";

export const deriveKey = (secretKey: Uint8Array, purpose: string): Buffer =>
  Buffer.from(hkdfSync("sha256", secretKey, "", `atelier/identity/${purpose}`, 32));
