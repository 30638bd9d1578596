/**
 * Names of previews: a DNS label that says which project is shown to which sign-in until when, sealed so that nobody else can read or make one.
 *
 * A label has at most 63 characters of which 36 are usable: 325 bits. Both ids are UUIDs of version 7, whose 12 fixed bits carry the expiry.
 * The construction is that of SIV (RFC 5297) with HMAC-SHA-256: a tag over the content, then the content encrypted with a key stream that
 * depends on the tag. The tag has 64 bits, which is enough because only this server can check a guess, at a limited rate.
 */
import { createHmac, hkdfSync, timingSafeEqual } from "node:crypto";

/** The expiry is a number of these, so that the same name is made for half an hour: the page keeps its origin and its storage. */
const SLOT_MS = 30 * 60_000;
const LEAST_LIFE_MS = 60 * 60_000;
/** The expiry's bits in the label; the whole number is in the tag. */
const SLOT_BITS = 12;
const SLOTS = 2 ** SLOT_BITS;
const ID_BYTES = 16;
const TAG_BYTES = 8;
const LABEL_BYTES = TAG_BYTES + 2 * ID_BYTES;
const LABEL = /^[0-9a-z]{62}$/u;
const LABEL_LENGTH = 62;
const BASE = 36n;
const VERSION_7 = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/u;

export type PreviewName = { readonly projectId: string; readonly signInId: string; readonly expiresMs: number };

export type PreviewNames = {
  /** A label that is valid for 60 to 90 minutes. @throws Error for an id that is not a UUID of version 7 */
  seal(given: { readonly projectId: string; readonly signInId: string }): { label: string; expiresMs: number };
  /** undefined: not a label of this server, or expired. */
  open(label: string): PreviewName | undefined;
};

const bytesOf = (id: string): Buffer => {
  if (!VERSION_7.test(id)) throw new Error("a preview needs ids of version 7");
  return Buffer.from(id.replaceAll("-", ""), "hex");
};

/** Puts six bits where a UUID of version 7 has its version and variant. */
const putBits = (id: Buffer, bits: number): void => {
  id[6] = ((id[6] ?? 0) & 0x0f) | ((bits & 0x0f) << 4);
  id[8] = ((id[8] ?? 0) & 0x3f) | ((bits >> 4) << 6);
};
const takeBits = (id: Buffer): number => {
  const bits = ((id[6] ?? 0) >> 4) | (((id[8] ?? 0) >> 6) << 4);
  id[6] = ((id[6] ?? 0) & 0x0f) | 0x70;
  id[8] = ((id[8] ?? 0) & 0x3f) | 0x80;
  return bits;
};

const textOf = (id: Buffer): string =>
  id.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/u, "$1-$2-$3-$4-$5");

const encode = (bytes: Buffer): string =>
  BigInt(`0x${bytes.toString("hex")}`)
    .toString(36)
    .padStart(LABEL_LENGTH, "0");

const decode = (label: string): Buffer | undefined => {
  if (!LABEL.test(label)) return undefined;
  let value = 0n;
  for (const digit of label) value = value * BASE + BigInt(Number.parseInt(digit, 36));
  const hex = value.toString(16).padStart(2 * LABEL_BYTES, "0");
  return hex.length > 2 * LABEL_BYTES ? undefined : Buffer.from(hex, "hex");
};

/** @param secretKey the installation's key; servers on one database have the same one, so each knows the others' names */
export const createPreviewNames = (secretKey: Uint8Array, now: () => number): PreviewNames => {
  const derive = (purpose: string): Buffer =>
    Buffer.from(hkdfSync("sha256", secretKey, "", `atelier/previews/${purpose}`, 32));
  const tagKey = derive("name-tag");
  const streamKey = derive("name-stream");

  const tagOf = (content: Buffer, slot: number): Buffer => {
    const whole = Buffer.alloc(4);
    whole.writeUInt32BE(slot);
    return createHmac("sha256", tagKey).update(whole).update(content).digest().subarray(0, TAG_BYTES);
  };
  const mask = (content: Buffer, tag: Buffer): Buffer => {
    const stream = createHmac("sha256", streamKey).update(tag).digest();
    return Buffer.from(content.map((byte, at) => byte ^ (stream[at] ?? 0)));
  };

  return {
    seal({ projectId, signInId }) {
      const slot = Math.ceil((now() + LEAST_LIFE_MS) / SLOT_MS);
      const project = bytesOf(projectId);
      const signIn = bytesOf(signInId);
      putBits(project, slot & 0x3f);
      putBits(signIn, (slot >> 6) & 0x3f);
      const content = Buffer.concat([project, signIn]);
      const tag = tagOf(content, slot);
      return { label: encode(Buffer.concat([tag, mask(content, tag)])), expiresMs: slot * SLOT_MS };
    },
    open(label) {
      const bytes = decode(label);
      if (bytes === undefined) return undefined;
      const tag = bytes.subarray(0, TAG_BYTES);
      const content = mask(bytes.subarray(TAG_BYTES), tag);
      const project = Buffer.from(content.subarray(0, ID_BYTES));
      const signIn = Buffer.from(content.subarray(ID_BYTES));
      const bits = takeBits(project) | (takeBits(signIn) << 6);
      // The slot with these bits that is closest to now.
      const current = Math.floor(now() / SLOT_MS);
      const slot = current - SLOTS / 2 + ((bits - current + SLOTS / 2 + SLOTS * 2 ** 20) % SLOTS);
      if (slot < 0 || !timingSafeEqual(tag, tagOf(content, slot))) return undefined;
      const expiresMs = slot * SLOT_MS;
      return expiresMs <= now() ? undefined : { projectId: textOf(project), signInId: textOf(signIn), expiresMs };
    },
  };
};
