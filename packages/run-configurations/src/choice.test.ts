import { describe, expect, it } from "vitest";
import { defaultChoice } from "./choice.ts";
import { configurationsIn } from "./test-project.ts";

const choose = (files: Record<string, string>, path?: string, language?: string): string | undefined => {
  const choice = defaultChoice(configurationsIn(files), path === undefined ? undefined : { path, language });
  if (choice === undefined) return undefined;
  return "file" in choice ? `file ${choice.file}` : choice.configuration.name;
};

const start = (script: string, more: object = {}): string => JSON.stringify({ scripts: { start: script }, ...more });

describe("what Run takes when nobody has chosen", () => {
  it.each([
    ["a file alone", { "a.py": "" }, "a.py", "python", "file a.py"],
    ["another file beside a main.py", { "main.py": "", "a.py": "" }, "a.py", "python", "file a.py"],
    ["a page of text beside a main.py", { "main.py": "", "a.md": "" }, "a.md", undefined, "main.py"],
    ["nothing open", { "main.py": "" }, undefined, undefined, "main.py"],
    ["an empty project", {}, undefined, undefined, undefined],
    ["nothing that runs", { "a.md": "" }, "a.md", undefined, undefined],
    [
      "a source of a package",
      { "package.json": start("node a.js"), "a.js": "", "b.js": "" },
      "b.js",
      "javascript",
      "npm start",
    ],
    ["a source of another language", { "package.json": start("node a.js"), "x.py": "" }, "x.py", "python", "file x.py"],
    [
      "the nearest manifest",
      { "package.json": start("node a.js"), "web/package.json": start("node b.js"), "web/b.js": "" },
      "web/b.js",
      "javascript",
      "npm start (web)",
    ],
    [
      "what the project says",
      { "atelier.json": '{"run":{"name":"mine","command":"true"}}', "x.py": "" },
      "x.py",
      "python",
      "mine",
    ],
    [
      "a part of what lacks packages",
      { "package.json": start("node a.js", { dependencies: { x: "1" } }), "a.js": "" },
      "a.js",
      "javascript",
      "npm start",
    ],
    ["only tests", { Makefile: "test:\n\ttrue\n", "a.md": "" }, "a.md", undefined, "make test"],
  ] as const)("[RC4] %s", (_, files, path, language, expected) => {
    expect(choose(files as unknown as Record<string, string>, path, language)).toBe(expected);
  });
});
