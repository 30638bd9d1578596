/** The rules for a project path, once: the page checks them before a request, the server on every request. Imports nothing. */

export const MAX_PATH_BYTES = 1024;
export const MAX_SEGMENT_BYTES = 255;

export type PathFault =
  | "empty"
  | "too-long"
  | "absolute"
  | "empty-segment"
  | "dot-segment"
  | "segment-too-long"
  | "forbidden-character"
  | "lone-surrogate";

const FAULT_TEXT: Readonly<Record<PathFault, string>> = {
  empty: "A path needs at least one character.",
  "too-long": `A path may have at most ${MAX_PATH_BYTES} bytes.`,
  absolute: "A path is relative: it does not start with a slash.",
  "empty-segment": "A path has no empty parts: no double or trailing slash.",
  "dot-segment": "A path has no part named . or ...",
  "segment-too-long": `A name may have at most ${MAX_SEGMENT_BYTES} bytes.`,
  "forbidden-character": "A path has no backslash and no control character.",
  "lone-surrogate": "A path is well-formed Unicode.",
};

// oxlint-disable-next-line no-control-regex -- control characters are exactly what is looked for
const FORBIDDEN = /[\u0000-\u001f\u007f-\u009f\\]/u;

const byteLength = (text: string): number => {
  let bytes = 0;
  for (const character of text) {
    const point = character.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
};

/**
 * Checks a path and brings it to Unicode NFC.
 * @returns the normalised path, or which rule it breaks.
 */
export const parsePath = (
  input: string,
): { ok: true; path: string } | { ok: false; fault: PathFault; detail: string } => {
  const refuse = (fault: PathFault) => ({ ok: false as const, fault, detail: FAULT_TEXT[fault] });
  if (input.length === 0) return refuse("empty");
  if (input.length > MAX_PATH_BYTES) return refuse("too-long");
  if (!input.isWellFormed()) return refuse("lone-surrogate");
  const path = input.normalize("NFC");
  if (byteLength(path) > MAX_PATH_BYTES) return refuse("too-long");
  if (FORBIDDEN.test(path)) return refuse("forbidden-character");
  if (path.startsWith("/")) return refuse("absolute");
  for (const segment of path.split("/")) {
    if (segment === "") return refuse("empty-segment");
    if (segment === "." || segment === "..") return refuse("dot-segment");
    if (byteLength(segment) > MAX_SEGMENT_BYTES) return refuse("segment-too-long");
  }
  return { ok: true, path };
};

/** The key under which case twins and NFC twins of one name collide (simple case folding after NFC). */
export const pathTwinKey = (name: string): string => name.normalize("NFC").toLowerCase().normalize("NFC");
