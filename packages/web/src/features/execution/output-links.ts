/** Finds what a program's output names: positions in the project's files (`main.py:3`, `File "main.py", line 3`), and addresses of the web. */
import { LANGUAGE_ERRORS } from "virtual:languages/errors";
import {
  createErrorFinder,
  type ErrorPosition,
  type OutputLink,
  type StartedFile,
} from "@atelier/contracts/error-positions";

export type WebLink = {
  /** Offsets as in OutputLink. */
  readonly start: number;
  readonly end: number;
  /** http or https; exactly the text. */
  readonly address: string;
};

/** In a longer line no address is looked for: it is data. */
const LONGEST_LINE = 2000;

const FINDER = createErrorFinder(LANGUAGE_ERRORS);

/** The positions in one line of output, from left to right. */
export const findOutputLinks = (text: string, paths: readonly string[]): OutputLink[] => FINDER.findLinks(text, paths);

/** The source position of the error that ended a program. */
export const errorPosition = (
  text: string,
  paths: readonly string[],
  started?: StartedFile,
): ErrorPosition | undefined => FINDER.findError(text, paths, started);

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
