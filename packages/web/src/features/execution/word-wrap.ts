/** Breaks long lines of a program's output between words, for a terminal, which would break them anywhere. */

/** A sequence that `terminal.ts` handles: the cursor's row continues the row above. */
export const CONTINUES_OSC = 7771;
const SOFT_BREAK = `\r\n\u001b]${CONTINUES_OSC};\u0007`;
/** The colour sequences of a word are repeated when it moves; with more of them than this it is not treated as text. */
const MOST_SGR_CHARACTERS = 400;
const TAB_WIDTH = 8;
const ESCAPE = "\u001b";

// oxlint-disable no-control-regex -- the patterns look for escape sequences
const SEQUENCE =
  /\u001b(?:\[(?<params>[0-9:;<=>?]*)[ -/]*(?<final>[@-~])|\](?<osc>[^\u0007\u001b]*)(?:\u0007|\u001b\\)|[@-Z\\^_`-~]|[ -/][0-~])/uy;
/** An incomplete sequence at the end of a chunk. */
const UNFINISHED = /\u001b(?:\[[0-9:;<=>?]*[ -/]*|\][^\u0007\u001b]*\u001b?|[ -/]?)$/u;

const PLAIN_LINE = /^[ -~]*\r?$/u;
// oxlint-enable no-control-regex

type Range = readonly [first: number, last: number];
const NARROW: readonly Range[] = [
  [0x20, 0x7e],
  [0xa0, 0xac],
  [0xae, 0x2ff],
  [0x370, 0x482],
  [0x48a, 0x52f],
  [0x2010, 0x2027],
  [0x2030, 0x205e],
  [0x20a0, 0x20cf],
  [0x2190, 0x22ff],
  [0x2500, 0x25ff],
];
const WIDE: readonly Range[] = [
  [0x3000, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xff01, 0xff60],
];
const isIn = (ranges: readonly Range[], point: number): boolean =>
  ranges.some(([first, last]) => point >= first && point <= last);

/** Width of a character in cells; undefined when terminals differ (emoji, combining marks). */
const cellsOf = (point: number): 1 | 2 | undefined => {
  if (point < 0x7f) return 1;
  if (isIn(NARROW, point)) return 1;
  return isIn(WIDE, point) ? 2 : undefined;
};

export interface WordWrap {
  /** Converts the next bytes of the output to text for a terminal with `columns()` columns. */
  transform(bytes: Uint8Array): string;
  /** Call when the terminal was cleared: its cursor is in the first column. */
  reset(): void;
  /** Length of the longest line so far, in cells. */
  readonly longestCells: number;
  /** True when the program moved the cursor: its output is a screen, and its layout must not be changed. */
  readonly isScreen: boolean;
}

export type WordWrapOptions = {
  readonly columns: () => number;
  /** False: lines are not broken. */
  readonly isOn: () => boolean;
};

/**
 * Moves only plain text: after the first cursor movement of a line, and after a character of unknown width, the terminal breaks the rest
 * of the line by itself.
 */
export const createWordWrap = ({ columns, isOn }: WordWrapOptions): WordWrap => {
  let decoder = new TextDecoder();
  let unfinished = "";
  let column = 0;
  let lineCells = 0;
  let longestCells = 0;
  let isScreen = false;
  /** The terminal breaks the rest of this line. */
  let isRaw = false;
  /** The word at the cursor as it was written, its first column, and the colours there. */
  let word = "";
  let wordColumn = 0;
  let wordSgr = "";
  let sgr = "";

  const endWord = (): void => {
    word = "";
    wordColumn = column;
    wordSgr = sgr;
  };
  const newLine = (): void => {
    column = 0;
    lineCells = 0;
    isRaw = false;
    endWord();
  };
  const reset = (): void => {
    decoder = new TextDecoder();
    unfinished = "";
    longestCells = 0;
    isScreen = false;
    sgr = "";
    newLine();
  };
  const giveUpLine = (): void => {
    isRaw = true;
  };
  /** Removes the word at the cursor from its row and writes it to the next one. */
  const moveWord = (): string => {
    const cells = column - wordColumn;
    const moved = `${ESCAPE}[0m${ESCAPE}[${wordColumn + 1}G${ESCAPE}[K${SOFT_BREAK}${wordSgr}${word}`;
    column = cells;
    wordColumn = 0;
    return moved;
  };
  const takeSgr = (sequence: string, params: string): void => {
    if (params === "" || params === "0") sgr = "";
    else sgr = params.startsWith("0;") ? sequence : sgr + sequence;
    if (sgr.length > MOST_SGR_CHARACTERS) giveUpLine();
  };
  const takeSequence = (match: RegExpExecArray): string => {
    const [sequence] = match;
    const { params = "", final, osc } = match.groups ?? {};
    // Compilers erase the rest of the line after a colour, and write links: neither moves the cursor.
    const movesNothing = final === "m" || (final === "K" && params === "") || osc !== undefined;
    if (final === "m") takeSgr(sequence, params);
    if (!movesNothing) {
      giveUpLine();
      isScreen = true;
    }
    if (word !== "") word += sequence;
    else if (final === "m") wordSgr = sgr;
    return sequence;
  };
  const takeTab = (): string => {
    const stop = (Math.floor(column / TAB_WIDTH) + 1) * TAB_WIDTH;
    if (isOn()) column = column >= columns() ? column : Math.min(columns() - 1, stop);
    else column = stop;
    lineCells = Math.max(lineCells, column);
    endWord();
    return "\t";
  };
  const takeCharacter = (character: string, cells: 1 | 2): string => {
    lineCells += cells;
    longestCells = Math.max(longestCells, lineCells);
    const isBreak = character === " " || cells === 2;
    if (isBreak && character !== " ") endWord();
    let written = "";
    if (isOn() && column + cells > columns()) {
      // A word that fills the whole row is not moved.
      const isMovable = word !== "" && wordColumn > 0;
      if (isMovable) written = moveWord();
      else {
        column = 0;
        endWord();
        wordColumn = 0;
      }
    }
    column += cells;
    if (isBreak) endWord();
    else word += character;
    return written + character;
  };

  const take = (text: string, at: number): { written: string; length: number } => {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    const { length } = character;
    if (character === "\n") {
      newLine();
      return { written: character, length };
    }
    if (character === ESCAPE) {
      SEQUENCE.lastIndex = at;
      const match = SEQUENCE.exec(text);
      if (match) return { written: takeSequence(match), length: match[0].length };
    }
    if (isRaw) return { written: character, length };
    if (character === "\t") return { written: takeTab(), length };
    if (character === "\u0007") return { written: character, length };
    if (character === "\r") {
      // Line ends of a terminal; a carriage return alone lets the program overwrite the line.
      if (!/^\r+\n/u.test(text.slice(at, at + 8))) giveUpLine();
      return { written: character, length };
    }
    const cells = character < " " ? undefined : cellsOf(character.codePointAt(0) ?? 0);
    if (cells === undefined) {
      giveUpLine();
      return { written: character, length };
    }
    return { written: takeCharacter(character, cells), length };
  };

  /** The length of a complete short line of plain characters at an index, with its end; 0 when there is something else. */
  const shortLineAt = (text: string, at: number, end: number): number => {
    if (column > 0 || isRaw || word !== "") return 0;
    const newline = text.indexOf("\n", at);
    if (newline === -1 || newline >= end || (isOn() && newline - at > columns())) return 0;
    const line = text.slice(at, newline);
    if (!PLAIN_LINE.test(line)) return 0;
    longestCells = Math.max(longestCells, line.trimEnd().length);
    return line.length + 1;
  };

  return {
    transform(bytes) {
      const text = unfinished + decoder.decode(bytes, { stream: true });
      // A chunk may end in the middle of a character or sequence.
      const rest = UNFINISHED.exec(text)?.[0] ?? (text.endsWith("\r") ? "\r" : "");
      unfinished = rest.length > MOST_SGR_CHARACTERS ? "" : rest;
      const end = text.length - unfinished.length;
      let written = "";
      for (let at = 0; at < end;) {
        const plain = shortLineAt(text, at, end);
        const step = plain > 0 ? { written: text.slice(at, at + plain), length: plain } : take(text, at);
        written += step.written;
        at += step.length;
      }
      return written;
    },
    reset,
    get longestCells() {
      return longestCells;
    },
    get isScreen() {
      return isScreen;
    },
  };
};
