/** A file's bytes as the text that is edited, and back: UTF-8, LF inside, line ends and byte order mark kept aside. */
import { createHash } from "node:crypto";
import { MAX_DOCUMENT_BYTES } from "@atelier/contracts";

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
export const normaliseLineEnds = (text: string): string =>
  text.includes("\r") ? text.replaceAll(/\r\n?/gu, "\n") : text;

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

/** SHA-256, hex, of the bytes that a text is written as: of a file with mixed line ends not the hash of its own bytes. */
export const hashAsWritten = (text: string, format: TextFormat): string =>
  createHash("sha256").update(encodeFile(text, format)).digest("hex");
