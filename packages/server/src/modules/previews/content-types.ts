/** Content types of previewed files, by extension. */
import { isUtf8 } from "node:buffer";

const TYPES: Readonly<Record<string, string>> = {
  avif: "image/avif",
  bmp: "image/bmp",
  css: "text/css",
  csv: "text/csv",
  gif: "image/gif",
  glb: "model/gltf-binary",
  gltf: "model/gltf+json",
  htm: "text/html",
  html: "text/html",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  m4a: "audio/mp4",
  map: "application/json",
  markdown: "text/markdown",
  md: "text/markdown",
  mjs: "text/javascript",
  mp3: "audio/mpeg",
  mp4: "video/mp4",
  oga: "audio/ogg",
  ogg: "audio/ogg",
  ogv: "video/ogg",
  otf: "font/otf",
  pdf: "application/pdf",
  png: "image/png",
  svg: "image/svg+xml",
  tsv: "text/tab-separated-values",
  ttf: "font/ttf",
  txt: "text/plain",
  wasm: "application/wasm",
  wav: "audio/wav",
  webm: "video/webm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
  xhtml: "application/xhtml+xml",
  xml: "application/xml",
};
const IS_TEXT = /^text\/|\+xml$|[/+]json$|\/xml$/u;

/** With the charset of texts in UTF-8; a text in another encoding gets none, so that the browser looks for it in the file. */
export const contentTypeOf = (path: string, bytes: Uint8Array): string => {
  const extension = /\.([^./]+)$/u.exec(path)?.[1]?.toLowerCase() ?? "";
  const known = Object.hasOwn(TYPES, extension) ? TYPES[extension] : undefined;
  const type = known ?? (isUtf8(bytes) && !bytes.includes(0) ? "text/plain" : "application/octet-stream");
  return IS_TEXT.test(type) && isUtf8(bytes) ? `${type}; charset=utf-8` : type;
};
