/** Reads a JSON body: valid UTF-8, well-formed Unicode in every text, and no key `__proto__`. */
import { Problem } from "#kernel/problem";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
/** A quick search for possible `__proto__` keys, including escaped ones. */
const SUSPICIOUS = /__proto__|\\u005f/iu;

const refuseUnsafeKeys = (key: string, value: unknown): unknown => {
  if (key === "__proto__") throw new Problem("request/invalid", "body: the key __proto__ is not allowed");
  return value;
};

/** Valid UTF-8 has no unpaired surrogates: they can only come as an escape. */
const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/u;

/** Storing or relaying such text would silently replace the surrogate by another character. */
const refuseHalfPairs = (value: unknown): void => {
  const waiting: unknown[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop();
    if (typeof next === "string" && !next.isWellFormed())
      throw new Problem("request/invalid", "body: a text has an unpaired surrogate");
    if (typeof next !== "object" || next === null) continue;
    for (const [key, inner] of Object.entries(next)) waiting.push(key, inner);
  }
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
    // Zod does not report the key __proto__ as unknown, so it is refused here.
    const value: unknown = SUSPICIOUS.test(text) ? JSON.parse(text, refuseUnsafeKeys) : JSON.parse(text);
    if (SURROGATE_ESCAPE.test(text)) refuseHalfPairs(value);
    return value;
  } catch (error) {
    if (error instanceof Problem) throw error;
    throw new Problem("request/invalid", "body: not valid JSON");
  }
};
