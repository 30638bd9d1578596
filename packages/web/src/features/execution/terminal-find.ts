/** Finds text in the terminal's buffer, including matches over several rows of one broken line. */
import { lineAround, type TerminalLines } from "./terminal-links.ts";

/** A position in the terminal's buffer, counted from 0, and its number of cells. */
export type FoundText = { readonly row: number; readonly column: number; readonly cells: number };

/** Further matches are not counted. */
export const MOST_FOUND = 1000;

/** Every match of a text, from top to bottom, ignoring case. */
export const findInTerminal = (
  lines: TerminalLines,
  { text, rows, columns }: { readonly text: string; readonly rows: number; readonly columns: number },
): FoundText[] => {
  const wanted = text.toLowerCase();
  if (wanted === "") return [];
  const found: FoundText[] = [];
  for (let row = 0; row < rows && found.length < MOST_FOUND; row += 1) {
    if (lines.row(row)?.isWrapped === true) continue;
    const line = lineAround(lines, row);
    const shown = line.text.toLowerCase();
    // A letter that gets longer in lower case would shift the positions after it.
    if (shown.length !== line.text.length) continue;
    for (let at = shown.indexOf(wanted); at !== -1; at = shown.indexOf(wanted, at + wanted.length)) {
      const [start, end] = [line.cells[at], line.cells[at + wanted.length - 1]];
      if (!start || !end) continue;
      const cells = (end.y - start.y) * columns + (end.x - start.x) + 1;
      found.push({ row: start.y - 1, column: start.x - 1, cells });
    }
  }
  return found;
};
