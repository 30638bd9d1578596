import { describe, expect, it } from "vitest";
import { CONTINUES_OSC, createWordWrap } from "./word-wrap.ts";

/** A minimal terminal: prints, breaks a full line by itself, knows CHA, EL, SGR and the mark for continued rows. */
const createScreen = (columns: number) => {
  const rows: string[][] = [[]];
  const continues = new Set<number>();
  let x = 0;
  const colors: string[] = [];
  let sgr = "";
  const down = () => {
    rows.push([]);
    x = 0;
  };
  const print = (character: string) => {
    if (x >= columns) {
      down();
      continues.add(rows.length - 1);
    }
    const row = rows.at(-1) ?? [];
    while (row.length < x) row.push("");
    row[x] = character;
    if (sgr !== "") colors.push(`${character}${sgr}`);
    x += 1;
  };
  const write = (text: string): void => {
    // oxlint-disable-next-line no-control-regex -- it is a terminal
    for (const [token] of text.matchAll(/\u001b\[[0-9;]*[A-Za-z]|\u001b\][^\u0007]*\u0007|./gsu)) {
      if (token === "\n") down();
      else if (token === "\r") x = 0;
      else if (token === `\u001b]${CONTINUES_OSC};\u0007`) continues.add(rows.length - 1);
      else if (token.startsWith("\u001b[") && token.endsWith("G")) x = Number(token.slice(2, -1)) - 1;
      else if (token === "\u001b[K") rows.at(-1)?.splice(x);
      else if (token.startsWith("\u001b[") && token.endsWith("m"))
        sgr = token === "\u001b[0m" ? "" : sgr + token.slice(1);
      else if (!token.startsWith("\u001b")) print(token);
    }
  };
  return {
    write,
    rows: () => rows.map((row) => row.join("")),
    /** What a user copies: a row that continues the one above is part of its line. */
    copied: () =>
      rows
        .map((row, at) => (continues.has(at) ? "" : "\n") + row.join(""))
        .join("")
        .slice(1),
    colors,
  };
};

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** The rows of a text on a screen, fed in chunks of the given size. */
const show = (text: string, { columns = 12, chunk = 1000, isOn = true } = {}) => {
  const screen = createScreen(columns);
  const wrap = createWordWrap({ columns: () => columns, isOn: () => isOn });
  const all = bytes(text);
  for (let at = 0; at < all.length; at += chunk) screen.write(wrap.transform(all.subarray(at, at + chunk)));
  return { ...screen, wrap };
};

describe("word wrap", () => {
  it("breaks a long line between words, and a copy of it is the line", () => {
    const text = "the quick brown fox jumps";
    const screen = show(text);
    expect(screen.rows()).toEqual(["the quick ", "brown fox ", "jumps"]);
    expect(screen.copied()).toBe(text);
  });

  it.each([1, 2, 3, 7])("does the same when it comes in chunks of %i bytes", (chunk) => {
    const text = "one two three four\r\nfünf \u001b[31msechs\u001b[0m sieben acht\r\n日本語 text with 漢字\r\n";
    expect(show(text, { chunk }).rows()).toEqual(show(text).rows());
    expect(show(text, { chunk }).copied()).toBe(show(text).copied());
  });

  it("keeps a space behind the word that moves, never at the beginning of a row", () => {
    expect(show("aaaa bbbbbbb c").rows()).toEqual(["aaaa ", "bbbbbbb c"]);
    expect(show("aaaa bbbbbb c").rows()).toEqual(["aaaa bbbbbb ", "c"]);
  });

  it("breaks a word longer than a row where the row ends", () => {
    expect(show("ab cdefghijklmnopq rs").rows()).toEqual(["ab ", "cdefghijklmn", "opq rs"]);
    expect(show("abcdefghijklmnopq").copied()).toBe("abcdefghijklmnopq");
  });

  it("gives a word that moves its colours back", () => {
    const { colors, rows } = show("\u001b[31mred red \u001b[32mgr\u001b[1meen\u001b[0m");
    expect(rows()).toEqual(["red red ", "green"]);
    expect(colors.slice(-5)).toEqual(["g[31m[32m", "r[31m[32m", "e[31m[32m[1m", "e[31m[32m[1m", "n[31m[32m[1m"]);
  });

  it.each([
    ["a carriage return", "aaaa bbbb\rcccc dddd eeee"],
    ["a cursor movement", "aaaa \u001b[3Cbbbb cccc dddd"],
    ["a backspace", "aaaa bbbb\u0008\u0008 cccc dddd"],
    ["a character of unknown width", "a 👩‍👩‍👧 bbbb cccc dddd"],
  ])("leaves the rest of a line to the terminal after %s", (_, text) => {
    const wrap = createWordWrap({ columns: () => 12, isOn: () => true });
    expect(wrap.transform(bytes(text))).toBe(text);
    // The next line is text again.
    expect(wrap.transform(bytes("\r\nthe quick brown"))).toContain(`]${CONTINUES_OSC};`);
  });

  it("knows a screen from a text", () => {
    expect(show("\u001b[31mtext\u001b[K\u001b[0m\u001b]8;;x\u0007link\u001b]8;;\u0007").wrap.isScreen).toBe(false);
    expect(show("\u001b[2J").wrap.isScreen).toBe(true);
  });

  it("moves nothing when it is off, and knows how long lines are", () => {
    const text = "the quick brown fox jumps over\r\nthe dog\r\n";
    const wrap = createWordWrap({ columns: () => 12, isOn: () => false });
    expect(wrap.transform(bytes(text))).toBe(text);
    expect(wrap.longestCells).toBe(30);
  });
});
