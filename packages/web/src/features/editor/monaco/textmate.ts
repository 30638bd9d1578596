/**
 * Colours text by TextMate grammars, which Shiki brings. Their patterns become regular expressions of JavaScript as they are needed, so
 * that the page's policy needs no exception for eval or WebAssembly.
 */
import { createJavaScriptRegexEngine } from "@shikijs/engine-javascript";
import { createShikiPrimitive } from "@shikijs/primitive";
import { EncodedTokenMetadata, INITIAL, type StateStack } from "@shikijs/vscode-textmate";
import type { languages } from "monaco-editor/editor";

/** A grammar of Shiki, with those that it embeds. */
export type TextMateGrammar = Parameters<ReturnType<typeof createShikiPrimitive>["loadLanguageSync"]>[0];

/** Longer lines (UTF-16 units) have one colour, as in Monaco's own grammars. */
const MAX_LINE_LENGTH = 20_000;
/** After so long the rest of a line has one colour, as in VS Code. The first lines take longest: patterns are compiled for them. */
const LINE_LIMIT_MS = 500;

/** TextMate's scopes by the names in the editor's themes (`themes.ts`); the most specific scope counts. */
const KINDS: readonly (readonly [name: string, scopes: readonly string[]])[] = [
  ["comment", ["comment", "comment constant", "punctuation.definition.comment"]],
  ["string", ["string", "punctuation.definition.string"]],
  ["regexp", ["string.regexp"]],
  ["number", ["constant.numeric"]],
  ["constant", ["constant", "support.constant", "variable.language"]],
  ["keyword", ["keyword", "storage", "keyword.operator.word", "keyword.operator.logical.python"]],
  ["operator", ["keyword.operator"]],
  [
    "type",
    [
      "entity.name.class",
      "entity.name.label",
      "entity.name.section",
      "entity.name.tag",
      "entity.name.type",
      "entity.other.inherited-class",
      "support.class",
      "support.type",
    ],
  ],
  ["predefined", ["entity.name.function", "support.function"]],
  ["variable", ["variable.other", "variable.parameter"]],
  ["namespace", ["entity.name.module", "entity.name.namespace"]],
  ["annotation", ["punctuation.definition.annotation", "storage.type.annotation"]],
  ["invalid", ["invalid"]],
];

/** The grammars' theme gives a number instead of a colour to each kind: the editor's theme has the colours. */
const colorOf = (kind: number): string => `#${(kind + 1).toString(16).padStart(6, "0")}`;
const THEME = {
  name: "kinds",
  type: "light" as const,
  fg: "#000000",
  bg: "#ffffff",
  settings: KINDS.map(([, scope], kind) => ({ scope: [...scope], settings: { foreground: colorOf(kind) } })),
};

// A pattern that JavaScript has no equal of is left out.
const engine = createJavaScriptRegexEngine({ forgiving: true });
const shiki = createShikiPrimitive({ engine, themes: [THEME], langs: [] });
const { colorMap } = shiki.setTheme(THEME.name);
const nameByColor = new Map(KINDS.map(([name], kind) => [colorOf(kind), name]));
/** Kinds by the numbers in the tokens' metadata. */
const names = colorMap.map((color) => nameByColor.get(color.toLowerCase()) ?? "");

/**
 * @param grammar its last element is the language's own
 * @param lineLimitMs the time for one line; 0 is no limit
 */
export const textMateTokens = (grammar: TextMateGrammar, lineLimitMs = LINE_LIMIT_MS): languages.TokensProvider => {
  shiki.loadLanguageSync(grammar);
  const { name } = [grammar].flat().at(-1) ?? {};
  const language = shiki.getLanguage(name ?? "");
  return {
    getInitialState: () => INITIAL,
    tokenize(line, state) {
      if (line.length >= MAX_LINE_LENGTH) return { endState: state, tokens: [{ startIndex: 0, scopes: "" }] };
      // Monaco gives back what it was given: the initial state or the state after a line.
      const { ruleStack, tokens } = language.tokenizeLine2(line, state as unknown as StateStack, lineLimitMs);
      return {
        endState: ruleStack,
        tokens: Array.from({ length: tokens.length / 2 }, (_, n) => ({
          startIndex: tokens[2 * n] ?? 0,
          scopes: names[EncodedTokenMetadata.getForeground(tokens[2 * n + 1] ?? 0)] ?? "",
        })),
      };
    },
  };
};
