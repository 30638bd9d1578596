/** Finds places in the project's files that a program's output names: `main.py:3`, `File "main.py", line 3`. */

export type OutputLink = {
  /** Offsets in the line, in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly path: string;
  readonly line: number;
  readonly column?: number;
};

/** A longer line is data and no message; looking through it would cost more than a link is worth. */
const LONGEST_LINE = 2000;

/** Every place matches this, and most lines of long output do not: they are skipped quickly. */
const HAS_LINE_NUMBER = /(?:[:(]|line )\d/u;

const PATTERNS = [
  /File "(?<path>[^"\n]{1,300})", line (?<line>\d{1,7})/gu,
  /(?<path>(?:[\w.@+-]|\/){1,300}\.[A-Za-z][\w+]{0,9})(?::|: line )(?<line>\d{1,7})(?::(?<column>\d{1,5}))?/gu,
  /(?<path>(?:[\w.@+-]|\/){1,300}\.[A-Za-z][\w+]{0,9})\((?<line>\d{1,7})(?:,(?<column>\d{1,5}))?\)/gu,
] as const;

/** The project's file that a printed path means: the same path, or the longest that the printed one ends with. */
export const resolvePrintedPath = (printed: string, paths: readonly string[]): string | undefined => {
  const clean = printed.replace(/^file:\/\//u, "").replace(/^\.\//u, "");
  const matches = paths.filter((path) => clean === path || clean.endsWith(`/${path}`));
  return matches.toSorted((a, b) => b.length - a.length)[0];
};

/** The links of one line of output, from left to right. */
export const findOutputLinks = (text: string, paths: readonly string[]): OutputLink[] => {
  if (text.length > LONGEST_LINE || !HAS_LINE_NUMBER.test(text)) return [];
  const found: OutputLink[] = [];
  for (const pattern of PATTERNS) {
    for (const match of text.matchAll(pattern)) {
      const { path: printed = "", line = "", column } = match.groups ?? {};
      const path = resolvePrintedPath(printed, paths);
      const end = match.index + match[0].length;
      const overlaps = found.some((other) => match.index < other.end && other.start < end);
      if (path === undefined || overlaps) continue;
      const place = { start: match.index, end, path, line: Number(line) };
      found.push(column === undefined ? place : { ...place, column: Number(column) });
    }
  }
  return found.toSorted((a, b) => a.start - b.start);
};

/** A frame of a JavaScript error: the deepest comes first. */
const FRAME = /^\s*at /u;
/** A compiler's message: the first error is the relevant one, others often follow from it. */
const DIAGNOSTIC = /:\d+: (?:fatal error|error|warning|note): /u;
const ERROR = /:\d+: (?:fatal )?error: /u;
const FOREIGN = /(?:^|\/)node_modules\//u;

/**
 * The source position of the error that ended a program: the deepest frame of the user's own code in a traceback, in whichever order the
 * language prints it; or a compiler's first error; or else the last position in the output.
 */
export const errorPlace = (text: string, paths: readonly string[]): OutputLink | undefined => {
  const lines = text.split("\n");
  const linkOf = (index: number): OutputLink | undefined =>
    findOutputLinks(lines[index] ?? "", paths).findLast(({ path }) => !FOREIGN.test(path));
  let last = lines.length - 1;
  while (last >= 0 && linkOf(last) === undefined) last -= 1;
  if (last < 0) return undefined;
  const line = lines[last] ?? "";
  if (FRAME.test(line)) {
    let deepest = last;
    for (let at = last - 1; at >= 0 && FRAME.test(lines[at] ?? ""); at -= 1) if (linkOf(at)) deepest = at;
    return linkOf(deepest);
  }
  if (DIAGNOSTIC.test(line)) {
    const first = lines.findIndex((each, index) => ERROR.test(each) && linkOf(index) !== undefined);
    if (first >= 0) return linkOf(first);
  }
  return linkOf(last);
};
