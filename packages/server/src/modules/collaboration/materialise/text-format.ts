/** A file's bytes as the text that is edited, and back: UTF-8, LF inside, line ends and byte order mark kept aside. */
import { MAX_DOCUMENT_BYTES } from "@atelier/contracts";
import { diffLines, diffTexts } from "../external/text-diff.ts";

/** What is kept aside while a text is edited. */
export type TextFormat = { readonly eol: "lf" | "crlf"; readonly byteOrderMark: boolean };

export type DecodedFile =
  | { readonly kind: "text"; readonly text: string; readonly format: TextFormat }
  | { readonly kind: "binary" }
  | { readonly kind: "too-large" };

const count = (text: string, part: string): number => {
  let found = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) found += 1;
  return found;
};

/** CRLF and lone CR become LF. */
const normaliseLineEnds = (text: string): string => (text.includes("\r") ? text.replaceAll(/\r\n?/gu, "\n") : text);

/** Binary: has a NUL or is not UTF-8. A file with mixed line ends counts as what most of its lines have. */
export const decodeFile = (bytes: Uint8Array): DecodedFile => {
  if (bytes.byteLength > MAX_DOCUMENT_BYTES) return { kind: "too-large" };
  if (bytes.includes(0)) return { kind: "binary" };
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return { kind: "binary" };
  }
  const byteOrderMark = text.startsWith("\ufeff");
  if (byteOrderMark) text = text.slice(1);
  const crlf = count(text, "\r\n");
  const eol = crlf * 2 > count(text, "\n") ? "crlf" : "lf";
  return { kind: "text", text: normaliseLineEnds(text), format: { eol, byteOrderMark } };
};

/** The bytes of a version: the inverse of decodeFile for every file whose line ends are all alike. */
export const encodeFile = (text: string, format: TextFormat): Uint8Array => {
  const lines = normaliseLineEnds(text);
  const withEnds = format.eol === "crlf" ? lines.replaceAll("\n", "\r\n") : lines;
  return new TextEncoder().encode(format.byteOrderMark ? `\ufeff${withEnds}` : withEnds);
};

/** Whether a text file has line ends that differ from its format's, so that `encodeFile` would change it. */
export const hasOwnLineEnds = (bytes: Uint8Array, decoded: { text: string; format: TextFormat }): boolean =>
  Buffer.compare(encodeFile(decoded.text, decoded.format), bytes) !== 0;

const LINE_END = /\r\n?|\n/gu;

/**
 * The bytes of a text based on a version with mixed line ends: an existing line end stays, a new one is like the one that it replaces, or
 * like the one before it.
 * @param base the version's bytes
 * @param outOfTime once true, text that is not compared yet counts as replaced
 */
export const encodeWithEndsOf = (
  base: Uint8Array,
  { text, format }: { readonly text: string; readonly format: TextFormat },
  outOfTime: () => boolean,
): Uint8Array => {
  const raw = new TextDecoder("utf-8").decode(base);
  const ends: readonly string[] = raw.match(LINE_END) ?? [];
  const baseText = normaliseLineEnds(raw);
  const usual = format.eol === "crlf" ? "\r\n" : "\n";
  const parts: string[] = [];
  let line = 0;
  let last = ends[0] ?? usual;
  const write = (lines: string, endOf: () => string | undefined): void => {
    let from = 0;
    for (let at = lines.indexOf("\n"); at !== -1; at = lines.indexOf("\n", from)) {
      last = endOf() ?? last;
      parts.push(lines.slice(from, at), last);
      from = at + 1;
    }
    parts.push(lines.slice(from));
  };
  const nextEnd = (): string | undefined => ends[line++];
  /** Lines that replace an equal number of lines get their ends, in order; otherwise each line end is matched by character. */
  const writeHunk = (removed: string, inserted: string): void => {
    const replaced = ends.slice(line, line + count(removed, "\n"));
    const isLineByLine = replaced.length === count(inserted, "\n");
    let at = 0;
    for (const change of isLineByLine ? [] : diffTexts(removed, inserted, outOfTime)) {
      write(removed.slice(at, change.at), nextEnd);
      const gone = ends.slice(line, line + count(removed.slice(change.at, change.at + change.removed), "\n"));
      line += gone.length;
      write(change.inserted, () => gone.shift());
      at = change.at + change.removed;
    }
    write(isLineByLine ? inserted : removed.slice(at), nextEnd);
  };
  let at = 0;
  for (const change of diffLines(baseText, normaliseLineEnds(text), outOfTime)) {
    write(baseText.slice(at, change.at), nextEnd);
    writeHunk(baseText.slice(change.at, change.at + change.removed), change.inserted);
    at = change.at + change.removed;
  }
  write(baseText.slice(at), nextEnd);
  const written = parts.join("");
  return new TextEncoder().encode(format.byteOrderMark ? `\ufeff${written}` : written);
};
