/** Encodes the bytes of files for the routes, and determines their media type and line end. */
import { extname } from "node:path/posix";
import { MAX_FILE_BYTES, type Encoding, type File } from "@atelier/contracts";
import { Problem } from "#kernel/problem";
import { tooLarge } from "#files";

const contentInvalid = (detail: string): Problem => new Problem("projects/content-invalid", detail);

const SNIFFED_BYTES = 65_536;

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css",
  ".csv": "text/csv",
  ".gif": "image/gif",
  ".htm": "text/html",
  ".html": "text/html",
  ".ico": "image/x-icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript",
  ".json": "application/json",
  ".md": "text/markdown",
  ".mjs": "text/javascript",
  ".mp3": "audio/mpeg",
  ".mp4": "video/mp4",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
  ".xml": "application/xml",
  ".yaml": "application/yaml",
  ".yml": "application/yaml",
  ".zip": "application/zip",
};

/**
 * The bytes of a content field.
 * @throws Problem projects/content-invalid when they are not what `encoding` says, projects/too-large above MAX_FILE_BYTES.
 */
export const decodeContent = (content: string, encoding: Encoding = "utf-8"): Buffer => {
  let bytes: Buffer;
  if (encoding === "utf-8") {
    if (!content.isWellFormed()) throw contentInvalid("The content has an unpaired surrogate.");
    bytes = Buffer.from(content, "utf8");
  } else {
    // Node ignores invalid characters: only canonical base64 is equal after decoding and encoding.
    bytes = Buffer.from(content, "base64");
    if (bytes.toString("base64") !== content) throw contentInvalid("The content is not base64.");
  }
  if (bytes.length > MAX_FILE_BYTES) throw tooLarge(`A file may have at most ${MAX_FILE_BYTES} bytes.`);
  return bytes;
};

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The content field for bytes: text where they are UTF-8, else base64. */
export const encodeContent = (bytes: Uint8Array): { content: string; encoding: Encoding } => {
  try {
    return { content: decoder.decode(bytes), encoding: "utf-8" };
  } catch {
    return { content: Buffer.from(bytes).toString("base64"), encoding: "base64" };
  }
};

/** The media type by name, and for unknown names by whether the beginning has a NUL; and the line end that most lines have. */
export const describeContent = (path: string, bytes: Uint8Array): Pick<File, "mediaType" | "eol"> => {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, SNIFFED_BYTES));
  let lines = 0;
  let crlf = 0;
  for (let index = start.indexOf(0x0a); index >= 0; index = start.indexOf(0x0a, index + 1)) {
    lines++;
    if (start[index - 1] === 0x0d) crlf++;
  }
  const known = MEDIA_TYPES[extname(path).toLowerCase()];
  return {
    mediaType: known ?? (start.includes(0) ? "application/octet-stream" : "text/plain"),
    eol: crlf * 2 > lines ? "crlf" : "lf",
  };
};
