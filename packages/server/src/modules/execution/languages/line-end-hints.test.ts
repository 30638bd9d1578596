import { describe, expect, it } from "vitest";
import { findHints } from "./line-end-hints.ts";

const bash = { name: "Bash", extensions: [".sh"], unixText: true };
const python = { name: "Python", extensions: [".py"], unixText: false };
const hints = (language: typeof bash, files: Record<string, string>) =>
  findHints(language, {
    entryPoint: Object.keys(files)[0] ?? "",
    files: Object.entries(files).map(([path, text]) => ({ path, bytes: Buffer.from(text), executable: false })),
  });

describe("hints on line ends", () => {
  it.each([
    ["CRLF", "echo a\r\necho b\r\n", /^main.sh has Windows line ends \(CRLF\), and Bash .* LF\.$/u],
    ["a mark", "\ufeffecho a\n", /^main.sh starts with a byte order mark, which Bash .* without the mark\.$/u],
    ["both", "\ufeff#!/bin/bash\r\n", /byte order mark.*; it has Windows line ends.* LF\.$/u],
  ])("[X35] a Bash script with %s", (_, text, message) => {
    const [hint, ...more] = hints(bash, { "main.sh": text });
    expect(hint).toMatchObject({ path: "main.sh", onFailure: false });
    expect(hint?.message).toMatch(message);
    expect(more).toEqual([]);
  });

  it("[X35] scripts that a Bash script may read, the entry point first, and at most five", () => {
    const files = Object.fromEntries(Array.from({ length: 9 }, (_, index) => [`lib${index}.sh`, "a\r\n"]));
    expect(hints(bash, { "main.sh": "a\n", "lib.sh": "a\r\n", "data.csv": "a\r\n" }).map(({ path }) => path)).toEqual([
      "lib.sh",
    ]);
    expect(hints(bash, { "z.sh": "a\r\n", ...files }).map(({ path }) => path)).toEqual([
      "z.sh",
      "lib0.sh",
      "lib1.sh",
      "lib2.sh",
      "lib3.sh",
    ]);
  });

  it("[X35] of other languages only files that name an interpreter which cannot be found so, for runs that fail", () => {
    const tool = "#!/usr/bin/env python3\r\nprint(1)\r\n";
    expect(hints(python, { "main.py": tool })).toEqual([]);
    const [hint, ...more] = hints(python, { "main.py": tool, "tool.py": tool, "plain.py": "print(1)\r\n" });
    expect(hint).toMatchObject({ path: "tool.py", onFailure: true });
    expect(hint?.message).toContain('"#!/usr/bin/env python3"');
    expect(more).toEqual([]);
    expect(hints(bash, { "main.sh": "./tool\n", tool: "\ufeff#!/bin/sh\n" })).toMatchObject([{ path: "tool" }]);
    expect(hints(bash, { "main.sh": "#!/bin/bash\necho 'a'\n", "x.py": "#!/usr/bin/python3\n" })).toEqual([]);
  });
});
