/** Identifiers: UUID version 7 (RFC 9562), so that keys of about the same time are neighbours in an index. */
import { randomBytes } from "node:crypto";

/** A new UUIDv7. @param nowMs Unix time in milliseconds. */
export const createId = (nowMs: number = Date.now()): string => {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/iu;

/** True for any well-formed UUID. */
export const isId = (text: string): boolean => UUID.test(text);
