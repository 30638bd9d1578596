import { describe, expect, it } from "vitest";
import { findInTerminal } from "./terminal-find.ts";
import { findTerminalLinks, type TerminalCell, type TerminalLines } from "./terminal-links.ts";

const PATHS = ["main.py", "lib/deep.py", "日本.py"];
const isWide = (character: string): boolean => /\p{Script=Han}/u.test(character);

/** Lays text out as a terminal of that many columns does. */
const terminal = (columns: number, lines: readonly string[]): TerminalLines => {
  const rows: { isWrapped: boolean; cells: TerminalCell[] }[] = [];
  for (const line of lines) {
    let row = { isWrapped: false, cells: [] as TerminalCell[] };
    rows.push(row);
    for (const character of line) {
      const width = isWide(character) ? 2 : 1;
      if (row.cells.length + width > columns) {
        row = { isWrapped: true, cells: [] };
        rows.push(row);
      }
      row.cells.push({ chars: character, width });
      if (width === 2) row.cells.push({ chars: "", width: 0 });
    }
    while (row.cells.length < columns) row.cells.push({ chars: "", width: 1 });
  }
  return {
    row: (index) => {
      const row = rows[index];
      return row && { isWrapped: row.isWrapped, cells: () => row.cells };
    },
  };
};
const found = (lines: TerminalLines, index: number) =>
  findTerminalLinks(lines, index, PATHS).map(({ range, link }) => ({
    ...range,
    to: "address" in link ? link.address : `${link.path}:${link.line}`,
  }));

describe("links in a terminal", () => {
  it("are where they are drawn", () => {
    expect(found(terminal(40, ["nothing", "see main.py:3 there"]), 1)).toEqual([
      { start: { x: 5, y: 2 }, end: { x: 13, y: 2 }, to: "main.py:3" },
    ]);
    expect(found(terminal(40, ["nothing", "see main.py:3 there"]), 0)).toEqual([]);
  });

  it("go on where a line was wrapped, and are found from each of its rows", () => {
    const lines = terminal(10, ["before", '  File "/project/lib/deep.py", line 12, in f', "after"]);
    const whole = [{ start: { x: 3, y: 2 }, end: { x: 8, y: 5 }, to: "lib/deep.py:12" }];
    for (const index of [1, 2, 3, 4]) expect(found(lines, index)).toEqual(whole);
    expect(found(lines, 5)).toEqual([]);
    expect(found(lines, 6)).toEqual([]);
  });

  it("count a wide character as the two cells it takes", () => {
    expect(found(terminal(40, ["日本語 main.py:5 日本語"]), 0)).toEqual([
      { start: { x: 8, y: 1 }, end: { x: 16, y: 1 }, to: "main.py:5" },
    ]);
  });

  it("find a path of wide characters", () => {
    expect(found(terminal(40, ['File "日本.py", line 2']), 0)).toEqual([
      { start: { x: 1, y: 1 }, end: { x: 22, y: 1 }, to: "日本.py:2" },
    ]);
  });

  it("go to addresses of the web too, over the end of a row", () => {
    expect(found(terminal(16, ["to http://localhost:80/abc."]), 1)).toEqual([
      { start: { x: 4, y: 1 }, end: { x: 10, y: 2 }, to: "http://localhost:80/abc" },
    ]);
  });

  it("do not join rows of different lines", () => {
    expect(found(terminal(8, ["main.py:", "3 is a number"]), 0)).toEqual([]);
  });

  it("end at the end of the buffer, and give up on a line of many rows", () => {
    expect(found(terminal(10, []), 3)).toEqual([]);
    expect(found(terminal(10, [`${"x".repeat(2000)} main.py:3`]), 0)).toEqual([]);
  });
});

/** Rows as the word wrap makes them: the first ends before the last column. */
const wrapped = (columns: number, rows: readonly string[]): TerminalLines => ({
  row: (index) => {
    const text = rows[index];
    if (text === undefined) return undefined;
    const cells = Array.from(text, (chars) => ({ chars, width: 1 }));
    while (cells.length < columns) cells.push({ chars: "", width: 1 });
    return { isWrapped: index > 0, cells: () => cells };
  },
});

it("a link over rows that were broken between words is one link", () => {
  const lines = wrapped(24, ['see File "main.py", ', "line 12, in f"]);
  expect(found(lines, 1)).toEqual([{ start: { x: 5, y: 1 }, end: { x: 7, y: 2 }, to: "main.py:12" }]);
});

describe("finding text in a terminal", () => {
  const size = { rows: 4, columns: 24 };

  it("finds every match, in either case, from top to bottom", () => {
    const lines = terminal(24, ["one two", "", "TWO and two"]);
    expect(findInTerminal(lines, { ...size, text: "two" })).toEqual([
      { row: 0, column: 4, cells: 3 },
      { row: 2, column: 0, cells: 3 },
      { row: 2, column: 8, cells: 3 },
    ]);
    expect(findInTerminal(lines, { ...size, text: "" })).toEqual([]);
  });

  it("finds what goes over the end of a row, once", () => {
    const lines = wrapped(24, ["the quick brown ", "fox jumps"]);
    expect(findInTerminal(lines, { ...size, text: "brown fox" })).toEqual([{ row: 0, column: 10, cells: 17 }]);
  });
});
