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
  if (text.length > LONGEST_LINE) return [];
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

/** The last place named in a whole output: where a traceback points. */
export const lastOutputLink = (text: string, paths: readonly string[]): OutputLink | undefined => {
  for (const line of text.split("\n").toReversed()) {
    const link = findOutputLinks(line, paths).at(-1);
    if (link) return link;
  }
  return undefined;
};
