/** Reads a JSON body: valid UTF-8, and no key that could reach a prototype. */
import { Problem } from "#kernel/problem";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
/** A quick look for keys that JSON.parse would happily make; escapes are looked for too. */
const SUSPICIOUS = /__proto__|\\u005f/iu;

const refuseUnsafeKeys = (key: string, value: unknown): unknown => {
  if (key === "__proto__") throw new Problem("request/invalid", "body: the key __proto__ is not taken");
  return value;
};

/** @returns undefined for an empty body. @throws Problem request/invalid. */
export const parseJsonBody = (bytes: Uint8Array): unknown => {
  if (bytes.byteLength === 0) return undefined;
  let text: string;
  try {
    text = utf8.decode(bytes);
  } catch {
    throw new Problem("request/invalid", "body: not valid UTF-8");
  }
  try {
    // Every schema of ours refuses or copies unknown keys, so __proto__ could only hide: say so instead.
    return SUSPICIOUS.test(text) ? (JSON.parse(text, refuseUnsafeKeys) as unknown) : (JSON.parse(text) as unknown);
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("request/invalid", "body: not valid JSON");
  }
};
