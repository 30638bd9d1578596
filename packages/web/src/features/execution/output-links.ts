/** Finds what a program's output names: positions in the project's files (`main.py:3`, `File "main.py", line 3`), and addresses of the web. */
import { LANGUAGE_ERRORS } from "virtual:languages/errors";

export type OutputLink = {
  /** Offsets in the line, in UTF-16 units; `end` is exclusive. */
  readonly start: number;
  readonly end: number;
  readonly path: string;
  readonly line: number;
  readonly column?: number;
};

export type WebLink = {
  /** Offsets as in OutputLink. */
  readonly start: number;
  readonly end: number;
  /** http or https; exactly the text. */
  readonly address: string;
};

/** A longer line is data and no message; looking through it would cost more than a link is worth. */
const LONGEST_LINE = 2000;

/** Every position matches this, and most lines of long output do not: they are skipped quickly. */
const HAS_LINE_NUMBER = /(?:[:(]|line )\d/u;

/** A program may start one of another language: the forms of all languages count, before those that most tools share. */
const PATTERNS: readonly RegExp[] = [
  ...LANGUAGE_ERRORS.positions.map((source) => new RegExp(source, "gu")),
  /(?<path>(?:[\w.@+-]|\/){1,300}\.[A-Za-z][\w+]{0,9})(?::|: line )(?<line>\d{1,7})(?::(?<column>\d{1,5}))?/gu,
  /(?<path>(?:[\w.@+-]|\/){1,300}\.[A-Za-z][\w+]{0,9})\((?<line>\d{1,7})(?:,(?<column>\d{1,5}))?\)/gu,
];

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
      const position = { start: match.index, end, path, line: Number(line) };
      found.push(column === undefined ? position : { ...position, column: Number(column) });
    }
  }
  return found.toSorted((a, b) => a.start - b.start);
};

/** Up to a space, a quotation mark or a bracket that an address can't have, or an invisible character. */
const ADDRESS = /\bhttps?:\/\/[^\s"'`<>\\^{|}\p{Cc}\p{Cf}]+/giu;
/** Punctuation at its end belongs to the sentence. */
const SENTENCE_END = /[.,:;!?…]+$/u;

const PAIRS: Readonly<Record<string, string>> = { ")": "(", "]": "[" };

const withoutSentence = (address: string): string => {
  const trimmed = address.replace(SENTENCE_END, "");
  const closer = trimmed.at(-1) ?? "";
  const opener = PAIRS[closer];
  // A bracket belongs to the address if that opens it.
  if (opener === undefined || trimmed.split(closer).length <= trimmed.split(opener).length) return trimmed;
  return withoutSentence(trimmed.slice(0, -1));
};

/** The addresses in one line of output, from left to right. */
export const findWebLinks = (text: string): WebLink[] => {
  if (text.length > LONGEST_LINE) return [];
  return [...text.matchAll(ADDRESS)].flatMap(({ 0: printed, index }) => {
    const address = withoutSentence(printed);
    return URL.canParse(address) ? [{ start: index, end: index + address.length, address }] : [];
  });
};

/** Both kinds; an address that ends like a position in a file is an address. */
export const findLinks = (text: string, paths: readonly string[]): (OutputLink | WebLink)[] => {
  const addresses = findWebLinks(text);
  const positions = findOutputLinks(text, paths).filter(
    ({ start, end }) => !addresses.some((address) => start < address.end && address.start < end),
  );
  return [...positions, ...addresses].toSorted((a, b) => a.start - b.start);
};

/** One expression that matches what any of them does; none matches nothing. */
const anyOf = (sources: readonly string[]): RegExp =>
  new RegExp(sources.length === 0 ? "(?!)" : sources.map((source) => `(?:${source})`).join("|"), "u");

/** A frame of a stack trace whose first line is the deepest. */
const FRAME = anyOf(LANGUAGE_ERRORS.deepestFirst);
/** A compiler's message: the first error is the relevant one, others often follow from it. */
const DIAGNOSTICS = LANGUAGE_ERRORS.diagnostics.map(({ any, error }) => ({ any: anyOf([any]), error: anyOf([error]) }));
const FOREIGN = /(?:^|\/)node_modules\//u;

/**
 * The source position of the error that ended a program: the deepest frame of the user's own code in a traceback, in whichever order the
 * language prints it; or a compiler's first error; or else the last position in the output.
 */
export const errorPosition = (text: string, paths: readonly string[]): OutputLink | undefined => {
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
  const diagnostic = DIAGNOSTICS.find(({ any }) => any.test(line));
  if (diagnostic) {
    const first = lines.findIndex((each, index) => diagnostic.error.test(each) && linkOf(index) !== undefined);
    if (first >= 0) return linkOf(first);
  }
  return linkOf(last);
};
