import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { languageModules, readLanguages } from "../../../build/language-tables.ts";
import { NAMED_LANGUAGES, languageOfFileName } from "./language-of-file-name.ts";
import { TEXTMATE_LANGUAGES } from "./monaco/textmate-languages.ts";

test.each([
  ["main.py", "python"],
  ["src/App.TSX", "typescript"],
  ["index.mjs", "javascript"],
  ["src/App.jsx", "javascript"],
  ["lib/x.h", "c"],
  ["run.sh", "shell"],
  ["Dockerfile", "dockerfile"],
  ["docker/Dockerfile.dev", "dockerfile"],
  ["Makefile", "makefile"],
  ["CMakeLists.txt", "makefile"],
  [".env.local", "ini"],
  ["package.json", "json"],
  ["a.b/readme", "plaintext"],
  ["weird.constructor", "plaintext"],
  ["constructor", "plaintext"],
  ["Cargo.toml", "toml"],
  ["main.hs", "haskell"],
  ["", "plaintext"],
])("%s is %s", (path, language) => expect(languageOfFileName(path)).toBe(language));

test("every syntax a name leads to is registered, by Monaco or by us", () => {
  const registered = new Set<string>(["plaintext", ...Object.keys(TEXTMATE_LANGUAGES)]);
  const languages = readLanguages(fileURLToPath(new URL("../../../../../languages/", import.meta.url)));
  const source = `${readFileSync(new URL("monaco/languages.ts", import.meta.url), "utf8")}
    ${languageModules(languages)["virtual:languages/monaco-grammars"]}`;
  const definitions = new URL("languages/definitions/", import.meta.resolve("monaco-editor/editor"));
  for (const [, name] of source.matchAll(/definitions\/([\w-]+)\/register"/g)) {
    const register = readFileSync(new URL(`${name}/register.js`, definitions), "utf8");
    for (const [, id] of register.matchAll(/id: "([^"]+)"/g)) if (id) registered.add(id);
  }
  expect(readdirSync(definitions).length).toBeGreaterThan(50);
  expect([...NAMED_LANGUAGES].filter((id) => !registered.has(id))).toEqual([]);
  expect(registered.size).toBeGreaterThan(60);
});

test("every extension of a language with a grammar is coloured, as its language.json says", () => {
  const languages = readLanguages(fileURLToPath(new URL("../../../../../languages/", import.meta.url)));
  const coloured = languages.filter(({ editor }) => editor.grammar !== undefined);
  expect(coloured.map(({ id }) => id)).toContain("python");
  for (const { extensions, editor } of coloured)
    for (const extension of extensions)
      expect([extension, languageOfFileName(`x${extension}`)]).toEqual([
        extension,
        editor.except[extension]?.id ?? editor.id,
      ]);
});
