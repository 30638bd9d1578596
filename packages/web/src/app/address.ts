/** The page's own addresses below the base path. */

export type Address =
  | { kind: "home" }
  | { kind: "new"; template: string }
  | { kind: "project"; slug: string; file?: { path: string; line?: number } }
  | { kind: "share"; token: string }
  | { kind: "unknown" };

const FILE_AT_LINE = /^(?<path>.+?)(?::(?<line>\d{1,7}))?$/u;

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

const fileOf = (search: URLSearchParams): { path: string; line?: number } | undefined => {
  const groups = FILE_AT_LINE.exec(search.get("file") ?? "")?.groups;
  if (groups?.["path"] === undefined) return undefined;
  const line = Number(groups["line"] ?? 0);
  return line > 0 ? { path: groups["path"], line } : { path: groups["path"] };
};

/** Understands `/`, `/new/:template`, `/p/:slug?file=src/a.ts:12` and `/s/:token`. */
export const parseAddress = (url: URL, basePath: string): Address => {
  const path = url.pathname.startsWith(basePath) ? url.pathname.slice(basePath.length) : url.pathname;
  const [head = "", rest = "", more] = path.split("/").filter((segment) => segment !== "");
  if (head === "") return { kind: "home" };
  if (rest === "" || more !== undefined) return { kind: "unknown" };
  if (head === "new") return { kind: "new", template: decoded(rest) };
  if (head === "s") return { kind: "share", token: decoded(rest) };
  if (head !== "p") return { kind: "unknown" };
  const file = fileOf(url.searchParams);
  return file ? { kind: "project", slug: decoded(rest), file } : { kind: "project", slug: decoded(rest) };
};

/** `/base/p/slug`. */
export const projectAddress = (basePath: string, slug: string): string => `${basePath}/p/${encodeURIComponent(slug)}`;
export const newAddress = (basePath: string, template: string): string =>
  `${basePath}/new/${encodeURIComponent(template)}`;

/** The query that opens a file of a project: `?file=src/a.py`. `parseAddress` reads it. */
export const fileQuery = (path: string): string => {
  // After a name that ends like a line number (`a:1`) a line number follows.
  const isAmbiguous = /:\d{1,7}$/u.test(path);
  return `?file=${encodeURIComponent(isAmbiguous ? `${path}:1` : path).replaceAll("%2F", "/")}`;
};
