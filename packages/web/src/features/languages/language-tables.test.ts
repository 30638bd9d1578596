/** Adding a language is one folder: the tables that the page's build generates from the real languages and an invented one. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { languageOfFileName } from "../editor/language-of-file-name.ts";
import { languageModules, readLanguages, tablesOf } from "../../../build/language-tables.ts";

const own = fileURLToPath(new URL("../../../../../languages", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "languages-"));
afterAll(() => rmSync(folder, { recursive: true }));
cpSync(own, folder, { recursive: true });
cpSync(fileURLToPath(new URL("../../../../../tests/fixtures/languages", import.meta.url)), folder, { recursive: true });

test("[X21] a new folder adds a language to every table, and without a grammar its files are plain text", () => {
  const before = tablesOf(readLanguages(own));
  const tables = tablesOf(readLanguages(folder));
  expect(tables.badges).toEqual({
    ...before.badges,
    inv: { letters: "In", hue: "magenta" },
    invh: { letters: "In", hue: "magenta" },
  });
  expect(tables.byproducts).toEqual([...before.byproducts, "**/*.invc"]);
  expect(tables.errors["invented"]).toEqual({
    positions: [String.raw`in (?<path>[\w./-]+) at line (?<line>\d{1,7})`],
    messages: [],
    extensions: [".inv", ".invh"],
  });
  expect(tables.monacoGrammars).toEqual(before.monacoGrammars);
  expect(before.monacoGrammars.length).toBeGreaterThanOrEqual(5);
  const files = ["main.inv", "src/x.INVH", "Inventfile"];
  expect(
    files.map((name) => Object.hasOwn(tables.syntaxes.extensions, name.split(".")[1]?.toLowerCase() ?? "")),
  ).toEqual([true, true, false]);
  expect(tables.syntaxes.names).toHaveProperty("inventfile", "plaintext");
  for (const name of files) expect(languageOfFileName(name, tables.syntaxes), name).toBe("plaintext");
  expect(languageOfFileName("main.py", tables.syntaxes)).toBe("python");
});

const changed = (change: (editor: Record<string, unknown>) => void) => {
  const file = join(folder, "invented", "language.json");
  const text = readFileSync(file, "utf8");
  const declaration = JSON.parse(text) as { editor: Record<string, unknown> };
  change(declaration.editor);
  writeFileSync(file, JSON.stringify(declaration));
  try {
    return languageModules(readLanguages(folder));
  } finally {
    writeFileSync(file, text);
  }
};

test("[X21] with a grammar of Monaco its files have that syntax, and the grammar is imported", () => {
  const modules = changed((editor) => Object.assign(editor, { id: "clojure", grammar: "monaco/clojure" }));
  expect(modules["virtual:languages/monaco-grammars"]).toContain("definitions/clojure/register");
  expect(modules["virtual:languages/syntaxes"]).toContain('"inv":"clojure"');
});

test("[X21] with a TextMate grammar its files have that syntax and those comments, and the grammar is fetched on demand", () => {
  const comments = { line: "--", block: ["{-", "-}"] };
  const modules = changed((editor) => Object.assign(editor, { id: "elm", grammar: "textmate/elm", comments }));
  expect(modules["virtual:languages/textmate-grammars"]).toContain(
    `"elm": { comments: {"lineComment":"--","blockComment":["{-","-}"]}, brackets: [], quotes: ["\\""], load: () => import("@shikijs/langs/elm") },`,
  );
  expect(modules["virtual:languages/syntaxes"]).toContain('"inv":"elm"');
});

test("[X21] a fault fails the build with its position", () => {
  expect(() => changed((editor) => Object.assign(editor, { grammar: "monaco/nothing" }))).toThrow("monaco/nothing");
  expect(() => changed((editor) => Object.assign(editor, { grammar: "textmate/nothing" }))).toThrow("textmate/nothing");
  expect(() => changed((editor) => Object.assign(editor, { colour: "red" }))).toThrow(
    /invented\/language.json: editor: .*"colour"/u,
  );
});
