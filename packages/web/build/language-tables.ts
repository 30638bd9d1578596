/**
 * Generates the page's tables about languages from `languages/<id>/language.json`: the modules `virtual:languages/…`, whose types are in
 * src/features/languages/virtual-modules.d.ts. A part of the page loads only its own table.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ErrorPatterns } from "@atelier/contracts/error-positions";
import { type Badge, checkLanguages, type Comments, type Declaration } from "@atelier/contracts/language-declaration";
import type { Plugin } from "vite";

export type FileSyntaxes = { readonly extensions: Record<string, string>; readonly names: Record<string, string> };

type TextMateGrammar = Pick<Declaration["editor"], "id" | "brackets" | "quotes"> & {
  readonly grammar: string;
  readonly comments: Comments | undefined;
};

/** A run takes at most 50 globs; some are the page's own. */
const MAX_BYPRODUCTS = 40;

const unique = (texts: readonly string[]): string[] => [...new Set(texts)];

/** @throws Error with a line for each fault, as the server does at its start */
export const readLanguages = (folder: string): readonly Declaration[] => {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name !== "images")
    .map(({ name }) => name);
  const images = join(folder, "images");
  const { declarations, faults } = checkLanguages({
    languages: names.toSorted().map((name) => {
      const file = join(folder, name, "language.json");
      const declaration = existsSync(file) ? readFileSync(file, "utf8") : { unreadable: "there is no language.json" };
      return { name, declaration, files: readdirSync(join(folder, name)) };
    }),
    images: (existsSync(images) ? readdirSync(images) : []).map((file) => basename(file, ".json")),
  });
  if (faults.length > 0)
    throw new Error(`The languages can't be read:\n${faults.map((fault) => `- ${fault}`).join("\n")}`);
  return declarations;
};

/** Everything that the page knows about the languages. */
export const tablesOf = (languages: readonly Declaration[]) => {
  const extensionsOf = ({ extensions, editor }: Declaration): readonly string[] => [
    ...extensions,
    ...editor.moreExtensions,
  ];
  const syntaxOf = ({ editor }: Declaration): string => (editor.grammar === undefined ? "plaintext" : editor.id);
  const badges = languages.flatMap((language) =>
    extensionsOf(language).flatMap((extension): [string, Badge][] => {
      const badge = language.editor.except[extension]?.badge ?? language.editor.badge;
      return badge === undefined ? [] : [[extension.slice(1), badge]];
    }),
  );
  const syntaxes: FileSyntaxes = {
    extensions: Object.fromEntries(
      languages.flatMap((language) =>
        extensionsOf(language).map((extension) => [
          extension.slice(1),
          language.editor.except[extension]?.id ?? syntaxOf(language),
        ]),
      ),
    ),
    names: Object.fromEntries(
      languages.flatMap((language) => language.editor.fileNames.map((name) => [name, syntaxOf(language)])),
    ),
  };
  const errors: ErrorPatterns = Object.fromEntries(
    languages.map((language) => [language.id, { ...language.errors, extensions: extensionsOf(language) }]),
  );
  return {
    badges: Object.fromEntries(badges),
    syntaxes,
    errors,
    byproducts: unique(languages.flatMap(({ byproducts }) => byproducts)),
    /** Folders of Monaco's definitions. */
    monacoGrammars: unique(
      languages.flatMap(({ editor: { grammar } }) =>
        grammar?.startsWith("monaco/") === true ? [grammar.slice("monaco/".length)] : [],
      ),
    ),
    textMateGrammars: languages.flatMap(({ editor: { grammar, id, comments, brackets, quotes } }): TextMateGrammar[] =>
      grammar?.startsWith("textmate/") === true
        ? [{ id, grammar: grammar.slice("textmate/".length), comments, brackets, quotes }]
        : [],
    ),
  };
};

const DEFINITIONS = "monaco-editor/languages/definitions";
const TEXTMATE = "@shikijs/langs";

/** @throws Error for a grammar that Monaco does not have */
const importsOf = (grammars: readonly string[]): string => {
  const folder = new URL("languages/definitions/", import.meta.resolve("monaco-editor/editor"));
  const missing = grammars.filter((name) => !existsSync(fileURLToPath(new URL(`${name}/register.js`, folder))));
  if (missing.length > 0)
    throw new Error(`Monaco has no grammar ${missing.map((name) => `monaco/${name}`).join(", ")}.`);
  return grammars.map((name) => `import "${DEFINITIONS}/${name}/register";`).join("\n");
};

/** @throws Error for a grammar that Shiki does not have */
const loadersOf = (grammars: readonly TextMateGrammar[]): string => {
  const folder = import.meta.resolve(TEXTMATE);
  const missing = grammars.filter(({ grammar }) => !existsSync(fileURLToPath(new URL(`${grammar}.mjs`, folder))));
  if (missing.length > 0)
    throw new Error(`Shiki has no grammar ${missing.map(({ grammar }) => `textmate/${grammar}`).join(", ")}.`);
  const rows = grammars.map(({ id, grammar, comments: { line, block } = {}, brackets, quotes }) => {
    const rules = `comments: ${JSON.stringify({ lineComment: line, blockComment: block })}, brackets: ${JSON.stringify(brackets)}, quotes: ${JSON.stringify(quotes)}`;
    return `${JSON.stringify(id)}: { ${rules}, load: () => import("${TEXTMATE}/${grammar}") },`;
  });
  return `export const LANGUAGE_GRAMMARS = { ${rows.join("\n")} };`;
};

/** The source of each generated module, by its name. @throws Error as `readLanguages`, and for grammars and globs that can't be used */
export const languageModules = (languages: readonly Declaration[]): Readonly<Record<string, string>> => {
  const { badges, syntaxes, errors, byproducts, monacoGrammars, textMateGrammars } = tablesOf(languages);
  if (byproducts.length > MAX_BYPRODUCTS)
    throw new Error(`The languages have ${byproducts.length} globs in byproducts.`);
  const constant = (name: string, value: unknown): string => `export const ${name} = ${JSON.stringify(value)};`;
  return {
    "virtual:languages/badges": constant("LANGUAGE_BADGES", badges),
    "virtual:languages/syntaxes": constant("LANGUAGE_SYNTAXES", syntaxes),
    "virtual:languages/errors": constant("LANGUAGE_ERRORS", errors),
    "virtual:languages/byproducts": constant("LANGUAGE_BYPRODUCTS", byproducts),
    "virtual:languages/monaco-grammars": importsOf(monacoGrammars),
    "virtual:languages/textmate-grammars": loadersOf(textMateGrammars),
  };
};

/** Rollup's mark of a module that is no file. */
const MARK = "\0";

export const languageTables = (folder = fileURLToPath(new URL("../../../languages/", import.meta.url))): Plugin => {
  let modules: Readonly<Record<string, string>> | undefined;
  const require = (): Readonly<Record<string, string>> => (modules ??= languageModules(readLanguages(folder)));
  return {
    name: "atelier:language-tables",
    resolveId: (id) => (id.startsWith("virtual:languages/") ? `${MARK}${id}` : null),
    load(id) {
      if (!id.startsWith(`${MARK}virtual:languages/`)) return null;
      return require()[id.slice(MARK.length)] ?? null;
    },
  };
};
