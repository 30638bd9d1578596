/** A project as inference sees it: its paths, and the texts of the files that matter. */
import {
  MAX_FOLDERS,
  MAX_MANIFEST_BYTES,
  MAX_MANIFESTS,
  MAX_PATHS,
  MAX_SOURCE_BYTES,
  MAX_SOURCES,
  MAX_TOTAL_BYTES,
} from "./readers/limits.ts";

export type ProjectFile = { readonly path: string; /** In bytes. */ readonly size: number };

/** The manifest in which a project says itself what Run does. */
export const ATELIER_FILE = "atelier.json";

/** Folders of packages and build results: nothing in them is the project's own. */
const FOREIGN = new Set([
  "node_modules",
  "vendor",
  "target",
  "dist",
  "build",
  "bin",
  "obj",
  "deps",
  "_build",
  "venv",
  ".venv",
  "__pycache__",
  ".git",
]);
/** `bin` and `build` hold programs of the project in these ecosystems: `src/bin` of Cargo, `bin` of Ruby. */
const OWN_BIN = /(?:^|\/)(?:src\/)?bin\/[^/]+(?:\/main)?\.(?:rs|rb|js|mjs|ts)$/u;

const MANIFESTS = new Set([
  "package.json",
  "tsconfig.json",
  "Cargo.toml",
  "go.mod",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "Makefile",
  "makefile",
  "GNUmakefile",
  "CMakeLists.txt",
  "pyproject.toml",
  "requirements.txt",
  "dub.json",
  "dub.sdl",
  "shard.yml",
  "mix.exs",
  "Rakefile",
  "Gemfile",
]);
/** Sources whose text says whether they have an entry point, or which test tool they are for. */
const SOURCE = /\.(?:java|kt|go|py|cs|d|exs?|rb|[cm]?[jt]s|cc|cpp|cxx|c)$/u;

export const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
/** "" is the project's folder. */
export const folderOf = (path: string): string => (path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "");
export const joinPath = (folder: string, path: string): string => {
  const parts: string[] = [];
  for (const part of `${folder}/${path}`.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
};
export const isWithin = (folder: string, path: string): boolean => folder === "" || path.startsWith(`${folder}/`);

const depthOf = (path: string): number => path.split("/").length - 1;
const isOwn = (path: string): boolean =>
  OWN_BIN.test(path) ||
  !folderOf(path)
    .split("/")
    .some((part) => FOREIGN.has(part));
const isManifest = (path: string): boolean =>
  (MANIFESTS.has(nameOf(path)) || path.endsWith(".csproj")) && depthOf(path) <= MAX_FOLDERS;

const byDepth = (a: ProjectFile, b: ProjectFile): number =>
  depthOf(a.path) - depthOf(b.path) || (a.path < b.path ? -1 : 1);

/** Which texts inference asks for, most important first: manifests, then sources, within the limits. */
export const filesToRead = (files: readonly ProjectFile[]): string[] => {
  const own = files.slice(0, MAX_PATHS).filter(({ path }) => isOwn(path));
  const manifests = own.filter(({ path, size }) => size <= MAX_MANIFEST_BYTES && isManifest(path)).toSorted(byDepth);
  const sources = own.filter(({ path, size }) => size <= MAX_SOURCE_BYTES && SOURCE.test(path)).toSorted(byDepth);
  const atelier = files.filter(({ path, size }) => path === ATELIER_FILE && size <= MAX_MANIFEST_BYTES);
  let left = MAX_TOTAL_BYTES;
  return [...atelier, ...manifests.slice(0, MAX_MANIFESTS), ...sources.slice(0, MAX_SOURCES)].flatMap(
    ({ path, size }) => {
      left -= size;
      return left < 0 ? [] : [path];
    },
  );
};

/** Paths of the project's own files, sorted, and texts of those that were read. */
export type ProjectView = {
  readonly paths: readonly string[];
  /** Whether there is such a file, the project's own or not. */
  has(path: string): boolean;
  /** undefined: there is no such file, or it was not read. */
  text(path: string): string | undefined;
  /** The manifests of that name that were read, least deep first. */
  manifests(name: string | RegExp): string[];
  /** The own files below a folder whose path matches. */
  below(folder: string, pattern: RegExp): string[];
};

/** @param texts contents of the paths of `filesToRead` */
export const createProjectView = (files: readonly ProjectFile[], texts: ReadonlyMap<string, string>): ProjectView => {
  const paths = files
    .slice(0, MAX_PATHS)
    .map(({ path }) => path)
    .filter(isOwn)
    .toSorted();
  const known = new Set(files.slice(0, MAX_PATHS).map(({ path }) => path));
  const read = [...texts.keys()].filter(isManifest).toSorted((a, b) => depthOf(a) - depthOf(b) || (a < b ? -1 : 1));
  return {
    paths,
    has: (path) => known.has(path),
    text: (path) => texts.get(path),
    manifests: (name) =>
      read.filter((path) => (typeof name === "string" ? nameOf(path) === name : name.test(nameOf(path)))),
    below: (folder, pattern) => paths.filter((path) => isWithin(folder, path) && pattern.test(path)),
  };
};
