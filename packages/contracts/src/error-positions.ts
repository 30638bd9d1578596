/** Finds positions in a project's files in what programs and compilers print, by the patterns of the languages' declarations. */
import type { Declaration } from "./language-declaration.ts";

export type OutputLink = {
  /** Offsets in the line, in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly path: string;
  readonly line: number;
  readonly column?: number;
};

export type ErrorPosition = Pick<OutputLink, "path" | "line" | "column">;

/** By language. */
export type ErrorPatterns = Readonly<
  Record<string, Partial<Declaration["errors"]> & { readonly extensions: readonly string[] }>
>;

/** What ran; without it, only what the output names is found. */
export type StartedFile = { readonly language: string; readonly entryPoint: string };

export interface ErrorFinder {
  /** The positions in one line of output, from left to right. */
  findLinks(text: string, paths: readonly string[]): OutputLink[];
  /**
   * The source position of the error that ended a program: what the language's own messages say; or the deepest frame of the user's own
   * code in a traceback, in whichever order the language prints it; or a compiler's first error; or else the last position in the output.
   */
  findError(text: string, paths: readonly string[], started?: StartedFile): ErrorPosition | undefined;
}

/** A longer line is data and no message; searching it would cost more than a link is worth. */
const LONGEST_LINE = 2000;

/** Every position matches this, and most lines of long output do not: they are skipped quickly. */
const HAS_LINE_NUMBER = /(?:[:(#]|line )\d/u;

/** Those that most tools share. */
const SHARED: readonly RegExp[] = [
  /(?<path>(?:[\w.@+-]|\/){1,300}\.[A-Za-z][\w+]{0,9})(?::|: line )(?<line>\d{1,7})(?::(?<column>\d{1,5}))?/gu,
  /(?<path>(?:[\w.@+-]|\/){1,300}\.[A-Za-z][\w+]{0,9})\((?<line>\d{1,7})(?:,(?<column>\d{1,5}))?\)/gu,
];

const FOREIGN = /(?:^|\/)node_modules\//u;

const extensionOf = (path: string): string => /\.[^./]+$/u.exec(path)?.[0].toLowerCase() ?? "";

/**
 * The project's file that a printed path means: the same path, or the longest that the printed one ends with; or else the only one that
 * ends with the printed one, because stack traces of some languages leave out folders.
 */
export const resolvePrintedPath = (printed: string, paths: readonly string[]): string | undefined => {
  const clean = printed.replace(/^file:\/\//u, "").replace(/^\.\//u, "");
  const matches = paths.filter((path) => clean === path || clean.endsWith(`/${path}`));
  if (matches.length > 0) return matches.toSorted((a, b) => b.length - a.length)[0];
  const longer = clean.startsWith("/") ? [] : paths.filter((path) => path.endsWith(`/${clean}`));
  return longer.length === 1 ? longer[0] : undefined;
};

type Compiled = {
  readonly positions: readonly RegExp[];
  readonly messages: readonly RegExp[];
  readonly deepestFirst: RegExp | undefined;
  readonly diagnostics: { readonly any: RegExp; readonly error: RegExp } | undefined;
  readonly extensions: readonly string[];
};

const compile = ({ positions, messages, deepestFirst, diagnostics, extensions }: ErrorPatterns[string]): Compiled => ({
  positions: (positions ?? []).map((source) => new RegExp(source, "gu")),
  messages: (messages ?? []).map((source) => new RegExp(source, "mu")),
  deepestFirst: deepestFirst === undefined ? undefined : new RegExp(deepestFirst, "u"),
  diagnostics: diagnostics && { any: new RegExp(diagnostics.any, "u"), error: new RegExp(diagnostics.error, "u") },
  extensions,
});

const numbersOf = (groups: Readonly<Record<string, string | undefined>>): { line: number; column?: number } => {
  const line = Number(groups["line"]);
  return groups["column"] === undefined ? { line } : { line, column: Number(groups["column"]) };
};

export const createErrorFinder = (patterns: ErrorPatterns): ErrorFinder => {
  const languages = new Map(Object.entries(patterns).map(([id, own]) => [id, compile(own)]));
  const owners = new Map([...languages.values()].flatMap((own) => own.extensions.map((each) => [each, own] as const)));

  /** The languages of a project's files: a program may start one of another language. */
  const languagesOf = (paths: readonly string[]): readonly Compiled[] => [
    ...new Set(paths.flatMap((path) => owners.get(extensionOf(path)) ?? [])),
  ];

  const findWith = (text: string, paths: readonly string[], own: readonly Compiled[]): OutputLink[] => {
    if (text.length > LONGEST_LINE || !HAS_LINE_NUMBER.test(text)) return [];
    const found: OutputLink[] = [];
    const search = (pattern: RegExp, extensions: readonly string[]): void => {
      for (const match of text.matchAll(pattern)) {
        const printed = match.groups?.["path"] ?? "";
        const path = ["", ...extensions]
          .map((extension) => resolvePrintedPath(printed + extension, paths))
          .find((resolved) => resolved !== undefined);
        const end = match.index + match[0].length;
        const overlaps = found.some((other) => match.index < other.end && other.start < end);
        if (path === undefined || overlaps) continue;
        found.push({ start: match.index, end, path, ...numbersOf(match.groups ?? {}) });
      }
    };
    for (const { positions, extensions } of own) for (const pattern of positions) search(pattern, extensions);
    for (const pattern of SHARED) search(pattern, []);
    return found.toSorted((a, b) => a.start - b.start);
  };

  const saidBy = (text: string, paths: readonly string[], started: StartedFile): ErrorPosition | undefined => {
    for (const message of languages.get(started.language)?.messages ?? []) {
      const groups = message.exec(text)?.groups;
      if (groups === undefined) continue;
      const printed = groups["path"];
      const path = printed === undefined ? started.entryPoint : resolvePrintedPath(printed, paths);
      if (path !== undefined) return { path, ...numbersOf(groups) };
    }
    return undefined;
  };

  return {
    findLinks: (text, paths) => findWith(text, paths, languagesOf(paths)),
    findError(text, paths, started) {
      const said = started === undefined ? undefined : saidBy(text, paths, started);
      if (said !== undefined) return said;
      const own = languagesOf(paths);
      const lines = text.split("\n");
      const linkOf = (index: number): OutputLink | undefined =>
        findWith(lines[index] ?? "", paths, own).findLast(({ path }) => !FOREIGN.test(path));
      let last = lines.length - 1;
      while (last >= 0 && linkOf(last) === undefined) last -= 1;
      const link = last < 0 ? undefined : linkOf(last);
      if (link === undefined) return undefined;
      const { deepestFirst, diagnostics } = owners.get(extensionOf(link.path)) ?? {};
      const line = lines[last] ?? "";
      if (deepestFirst?.test(line) === true) {
        let deepest = last;
        for (let at = last - 1; at >= 0 && deepestFirst.test(lines[at] ?? ""); at -= 1) if (linkOf(at)) deepest = at;
        return linkOf(deepest);
      }
      if (diagnostics?.any.test(line) === true) {
        const first = lines.findIndex((each, index) => diagnostics.error.test(each) && linkOf(index) !== undefined);
        if (first >= 0) return linkOf(first);
      }
      return link;
    },
  };
};
