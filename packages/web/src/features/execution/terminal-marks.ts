/** Marks found text in the terminal: every match has a background, also while the output scrolls. */
import type { IDecoration, IMarker, Terminal } from "@xterm/xterm";
import type { FoundText } from "./terminal-find.ts";
import { foundColor } from "./terminal-theme.ts";

export interface TerminalMarks {
  /** Replaces all marks. */
  show(found: readonly FoundText[]): void;
  /** Reads the theme's colour again. */
  restyle(): void;
}

/** The parts of a match in each of its rows. */
const rowsOf = ({ row, column, cells }: FoundText, columns: number): FoundText[] => {
  const parts: FoundText[] = [];
  let left = cells;
  for (let at = { row, column }; left > 0; at = { row: at.row + 1, column: 0 }) {
    const here = Math.min(left, columns - at.column);
    if (here <= 0) break;
    parts.push({ ...at, cells: here });
    left -= here;
  }
  return parts;
};

/** Marks that end with the terminal. */
export const markFound = (terminal: Terminal, host: HTMLElement): TerminalMarks => {
  let shown: readonly FoundText[] = [];
  let marks: (IMarker | IDecoration)[] = [];
  const show = (found: readonly FoundText[]): void => {
    for (const mark of marks) mark.dispose();
    shown = found;
    marks = [];
    if (found.length === 0) return;
    const backgroundColor = foundColor(host);
    const { baseY, cursorY } = terminal.buffer.active;
    for (const part of found.flatMap((match) => rowsOf(match, terminal.cols))) {
      const marker = terminal.registerMarker(part.row - baseY - cursorY);
      const decoration = terminal.registerDecoration({ marker, x: part.column, width: part.cells, backgroundColor });
      marks.push(marker, ...(decoration ? [decoration] : []));
    }
  };
  return { show, restyle: () => show(shown) };
};
