/** The built page's files: listed once at the start, so that a request's path is never used on the disk. */
import type { PageAnswer, PageHandler } from "#platform/http";
import { Problem } from "#kernel/problem";
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { extname, join } from "node:path";

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".ttf": "font/ttf",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};
/** Best first; the build writes these compressed files beside an asset. */
const ENCODINGS = [
  { name: "br", suffix: ".br" },
  { name: "gzip", suffix: ".gz" },
] as const;
/** The build puts a hash of the content into these names. */
const HASHED = /^\/assets\//u;

type Asset = { readonly file: string; readonly type: string; readonly encodings: ReadonlyMap<string, string> };

export type Assets = {
  /** Paths that are served, below the root, like `/assets/index-abc.js`. */
  readonly paths: readonly string[];
  readonly handler: PageHandler;
};

const accepted = (header: string | undefined): ReadonlySet<string> => {
  const names = (header ?? "").split(",").map((part) => part.trim().toLowerCase());
  return new Set(names.filter((part) => !/;\s*q=0(?:\.0*)?$/u.test(part)).map((part) => part.split(";")[0] ?? ""));
};

/** @param folder the build's output; index.html is not among the assets */
export const openAssets = async (folder: string): Promise<Assets> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = new Set(
    entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length)),
  );
  const assets = new Map<string, Asset>();
  for (const path of files) {
    const isTwin = ENCODINGS.some(({ suffix }) => path.endsWith(suffix) && files.has(path.slice(0, -suffix.length)));
    if (path === "/index.html" || isTwin) continue;
    assets.set(path, {
      file: join(folder, path),
      type: TYPES[extname(path)] ?? "application/octet-stream",
      encodings: new Map(
        ENCODINGS.filter(({ suffix }) => files.has(path + suffix)).map(({ name, suffix }) => [
          name,
          join(folder, path + suffix),
        ]),
      ),
    });
  }

  const loaded = new Map<string, Promise<{ bytes: Buffer; etag: string }>>();
  const load = (file: string): Promise<{ bytes: Buffer; etag: string }> => {
    const known = loaded.get(file);
    if (known !== undefined) return known;
    const loading = readFile(file).then((bytes) => ({
      bytes,
      etag: `"${createHash("sha256").update(bytes).digest("base64url").slice(0, 22)}"`,
    }));
    loading.catch(() => loaded.delete(file));
    loaded.set(file, loading);
    return loading;
  };

  return {
    paths: [...assets.keys()],
    async handler({ path, request }): Promise<PageAnswer> {
      const asset = assets.get(path);
      if (asset === undefined) throw new Problem("request/not-found");
      const wanted = accepted(request.headers["accept-encoding"]);
      const encoding = [...asset.encodings.keys()].find((name) => wanted.has(name));
      const { bytes, etag } = await load(
        encoding === undefined ? asset.file : (asset.encodings.get(encoding) ?? asset.file),
      );
      const headers = {
        "content-type": asset.type,
        "cache-control": HASHED.test(path)
          ? "public, max-age=31536000, immutable"
          : "public, max-age=0, must-revalidate",
        etag,
        vary: "accept-encoding",
        ...(encoding === undefined ? {} : { "content-encoding": encoding }),
      };
      if (request.headers["if-none-match"]?.split(/\s*,\s*/u).includes(etag) === true)
        return { status: 304, headers, body: "" };
      return { status: 200, headers, body: bytes };
    },
  };
};
