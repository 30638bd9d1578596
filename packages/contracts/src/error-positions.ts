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

/** An error and what the output says about it. */
export type FoundError = ErrorPosition & { readonly message: string };

export type ErrorSearch = {
  readonly started?: StartedFile | undefined;
  /** Asked before each line: true ends the search, so that hostile output costs no more than its time. */
  readonly isOver?: () => boolean;
};

export interface ErrorFinder {
  /** The positions in one line of output, from left to right. */
  findLinks(text: string, paths: readonly string[]): OutputLink[];
  /**
   * The source position of the error that ended a program: what the language's own messages say; or the deepest frame of the user's own
   * code in a traceback, in whichever order the language prints it; or a compiler's first error; or else the last position in the output.
   */
  findError(text: string, paths: readonly string[], started?: StartedFile): ErrorPosition | undefined;
  /** The same error first, and of a compiler the others; each with its message. */
  findErrors(text: string, paths: readonly string[], search?: ErrorSearch): FoundError[];
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

/** Errors of one output. */
const MOST_ERRORS = 50;
const LONGEST_MESSAGE = 300;
/** How far from its position a message is looked for. */
const MESSAGE_LINES = 12;

/** A line that says what is wrong: `ValueError: x`, `panic: x`, `Exception in thread "main" x`. */
const SAYS_ERROR =
  /^(?:[\w.$:]{0,200}(?:Error|Exception|Exit|Interrupt|Warning|Fault)\b|(?:runtime error|fatal|panic|error|uncaught|unhandled|exception|assertion)\b|thread '|\*\* \(|lua[\d.]{0,4}: )/iu;
/** What follows a position and is no message: `, in main`, `characters 3-7:`, `+0x15`. */
const NO_MESSAGE = /^(?:in |at |from |characters \d|\+0x)/u;
/** The message goes on in the next line. */
const GOES_ON = /(?::|^(?:fatal )?error:? ?\[[\w-]{1,40}\])$/iu;

const shorten = (text: string): string => {
  const line = text.trim();
  return line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE - 1)}…` : line;
};

/** What a line says beside its position: `main.c:3:5: error: x` says `error: x`, and `File "main.py", line 3, in main` nothing. */
const saidBeside = (line: string, { start, end }: OutputLink): string => {
  if (/error/iu.test(line.slice(0, start))) return line;
  const rest = line
    .slice(end)
    .replace(/^(?::\d{1,7}){0,2}(?:-\d{1,7})?/u, "")
    .replace(/^[\s:,;)\]"'>]{0,20}/u, "")
    .replace(/^in [^:]{1,200}: /u, "");
  return NO_MESSAGE.test(rest) || !/\p{L}{3}/u.test(rest) ? "" : rest;
};

/** The message of the error at a line: in the line itself, or in one near it, or else the first of its lines. */
const messageOf = (lines: readonly string[], index: number, link: OutputLink): string => {
  const at = (number: number): string => (lines[number] ?? "").slice(0, LONGEST_LINE);
  const whole = (number: number, said: string): string =>
    shorten(GOES_ON.test(said.trimEnd()) ? `${said.trimEnd()} ${at(number + 1).trim()}` : said);
  const own = saidBeside(at(index), link);
  if (own !== "") return whole(index, own);
  const near = (step: 1 | -1): number | undefined => {
    for (let distance = 1; distance <= MESSAGE_LINES; distance += 1) {
      if (SAYS_ERROR.test(at(index + step * distance))) return index + step * distance;
    }
    return undefined;
  };
  // `--> main.rs:2:5` is below its message.
  const isBelow = /^\s{0,20}-->/u.test(at(index));
  const found = isBelow ? (near(-1) ?? near(1)) : (near(1) ?? near(-1));
  if (found !== undefined) return whole(found, at(found));
  // The frames of a traceback are indented below its message.
  if (!/^\s/u.test(at(index))) return whole(index, at(index));
  let first = index;
  while (first > 0 && index - first < MESSAGE_LINES && at(first - 1).trim() !== "") first -= 1;
  return whole(first, at(first));
};

const withoutRepeats = (found: readonly FoundError[]): FoundError[] => {
  const seen = new Set<string>();
  return found.filter(({ path, line, column }) => {
    const place = `${line}:${column ?? 0}:${path}`;
    return !seen.has(place) && seen.add(place);
  });
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

  const saidBy = (text: string, paths: readonly string[], started: StartedFile): FoundError | undefined => {
    for (const message of languages.get(started.language)?.messages ?? []) {
      const match = message.exec(text);
      const groups = match?.groups;
      if (groups === undefined) continue;
      const printed = groups["path"];
      const path = printed === undefined ? started.entryPoint : resolvePrintedPath(printed, paths);
      if (path !== undefined) return { path, ...numbersOf(groups), message: shorten(match?.[0].split("\n")[0] ?? "") };
    }
    return undefined;
  };

  const findErrors: ErrorFinder["findErrors"] = (text, paths, { started, isOver = () => false } = {}) => {
    const own = languagesOf(paths);
    const lines = text.split("\n");
    const links = new Map<number, OutputLink | undefined>();
    const linkOf = (index: number): OutputLink | undefined => {
      if (!links.has(index) && !isOver()) {
        links.set(
          index,
          findWith(lines[index] ?? "", paths, own).findLast(({ path }) => !FOREIGN.test(path)),
        );
      }
      return links.get(index);
    };
    const found = (index: number): FoundError[] => {
      const link = linkOf(index);
      if (link === undefined) return [];
      const { path, line, column } = link;
      const message = messageOf(lines, index, link);
      return [{ path, line, ...(column === undefined ? {} : { column }), message }];
    };
    const said = started === undefined ? undefined : saidBy(text, paths, started);
    if (said !== undefined) return [said];
    let last = lines.length - 1;
    while (last >= 0 && linkOf(last) === undefined) last -= 1;
    const link = last < 0 ? undefined : linkOf(last);
    if (link === undefined) return [];
    const { deepestFirst, diagnostics } = owners.get(extensionOf(link.path)) ?? {};
    const line = lines[last] ?? "";
    if (deepestFirst?.test(line) === true) {
      let deepest = last;
      for (let at = last - 1; at >= 0 && deepestFirst.test(lines[at] ?? ""); at -= 1) if (linkOf(at)) deepest = at;
      return found(deepest);
    }
    if (diagnostics?.any.test(line) === true) {
      const all: FoundError[] = [];
      for (const [index, each] of lines.entries()) {
        if (all.length === MOST_ERRORS) break;
        if (each.length <= LONGEST_LINE && diagnostics.error.test(each)) all.push(...found(index));
      }
      if (all.length > 0) return withoutRepeats(all);
    }
    return found(last);
  };

  return {
    findLinks: (text, paths) => findWith(text, paths, languagesOf(paths)),
    findErrors,
    findError(text, paths, started) {
      const [first] = findErrors(text, paths, { started });
      if (first === undefined) return undefined;
      const { message: _message, ...position } = first;
      return position;
    },
  };
};
