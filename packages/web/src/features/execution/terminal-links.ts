/** Links of a terminal's line as cells: a line that was wrapped is one line, and a wide character is two cells. */
import type { IBufferRange, ILink } from "@xterm/xterm";
import type { OutputLink } from "@atelier/contracts/error-positions";
import { findLinks, type WebLink } from "./output-links.ts";

/** A cell: empty behind a wide character. */
export type TerminalCell = { readonly chars: string; readonly width: number };
/** What is needed of xterm's buffer. */
export type TerminalLines = {
  /** The cells of a row from 0, and whether it goes on the row before; undefined outside of the buffer. */
  row(index: number): { readonly isWrapped: boolean; cells(): readonly TerminalCell[] } | undefined;
};

/** Rows above and below that one line may span: more is data and no message. */
const MOST_ROWS = 24;

type Cell = { readonly x: number; readonly y: number };

/** A row without the unwritten cells at its end: where a line was broken between words they are not spaces. */
const writtenCells = (cells: readonly TerminalCell[]): readonly TerminalCell[] =>
  cells.slice(0, cells.findLastIndex(({ chars }) => chars !== "") + 1);

/** The whole line around a row, and for each of its UTF-16 units the cell (from 1) it is drawn in. */
export const lineAround = (lines: TerminalLines, index: number): { text: string; cells: readonly Cell[] } => {
  let first = index;
  while (index - first < MOST_ROWS && lines.row(first)?.isWrapped === true) first -= 1;
  let text = "";
  const cells: Cell[] = [];
  for (let at = first; at - index < MOST_ROWS; at += 1) {
    const row = lines.row(at);
    if (!row || (at > first && !row.isWrapped)) break;
    for (const [x, { chars, width }] of writtenCells(row.cells()).entries()) {
      if (width === 0) continue;
      // A cell that nothing was written to is drawn as a space.
      const drawn = chars === "" ? " " : chars;
      text += drawn;
      for (let unit = 0; unit < drawn.length; unit += 1) cells.push({ x: x + 1, y: at + 1 });
    }
  }
  return { text: text.trimEnd(), cells };
};

/** The links that touch a row (from 0), placed as xterm wants them: cells and rows from 1, ends inclusive. */
export const findTerminalLinks = (
  lines: TerminalLines,
  index: number,
  paths: readonly string[],
): { readonly range: IBufferRange; readonly link: OutputLink | WebLink }[] => {
  const { text, cells } = lineAround(lines, index);
  return findLinks(text, paths).flatMap((link) => {
    const [start, end] = [cells[link.start], cells[link.end - 1]];
    const touches = start && end && start.y <= index + 1 && end.y >= index + 1;
    return touches ? [{ range: { start, end }, link }] : [];
  });
};

/** The same as xterm's own links. A printed address is opened in a new tab that can't reach this page. */
export const toLinks = (found: ReturnType<typeof findTerminalLinks>, onLink: (link: OutputLink) => void): ILink[] =>
  found.map(({ range, link }) =>
    "address" in link
      ? { range, text: link.address, activate: () => void open(link.address, "_blank", "noopener,noreferrer") }
      : { range, text: link.path, activate: () => onLink(link) },
  );
