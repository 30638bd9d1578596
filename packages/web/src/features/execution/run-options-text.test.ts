import { describe, expect, it } from "vitest";
import { joinWords, readVariables, splitWords, writeVariables } from "./run-options-text.ts";

describe("arguments", () => {
  it.each([
    ["", []],
    ["  a  b ", ["a", "b"]],
    [`"a b" c'd e'f`, ["a b", "cd ef"]],
    [String.raw`a\ b \" "\"" '\n'`, ["a b", '"', '"', String.raw`\n`]],
    [`'' ""`, ["", ""]],
  ])("%j are split as a shell does", (text, words) => {
    expect(splitWords(text)).toEqual(words);
  });

  it("are not there while a quote is open", () => {
    expect(splitWords(`a "b`)).toBeUndefined();
    expect(splitWords("it's")).toBeUndefined();
  });

  it("come back as they were", () => {
    const words = ["a", "a b", "", "it's", '"', "\\", "--x=y z", "$HOME", "\n"];
    expect(splitWords(joinWords(words))).toEqual(words);
    expect(joinWords(["--flag", "x=y"])).toBe("--flag x=y");
  });
});

describe("variables", () => {
  it("are lines of NAME=value, and come back as they were", () => {
    const variables = { A: "1", LONG_NAME: "a=b c", EMPTY: "" };
    expect(readVariables(`\n${writeVariables(variables)}\n`)).toEqual(variables);
  });

  it("that are none are named", () => {
    expect(readVariables("A=1\nno variable")).toBe("no variable");
    expect(readVariables("1A=1")).toBe("1A=1");
  });
});
