/** Texts line by line: a pattern that sees one short line at a time cannot take long. */

const MAX_LINES = 20_000;
const MAX_LINE = 1000;

export const linesOf = (text: string): string[] =>
  text.split("\n", MAX_LINES).map((line) => (line.endsWith("\r") ? line.slice(0, -1) : line).slice(0, MAX_LINE));
