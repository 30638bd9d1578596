/** The syntaxes that Monaco has no grammar of: where their TextMate grammars are, and how they mark comments. */
import { LANGUAGE_GRAMMARS } from "virtual:languages/textmate-grammars";
import type { languages } from "monaco-editor/editor";
import type { TextMateGrammar } from "./textmate.ts";

export interface TextMateLanguage {
  readonly comments: languages.CommentRule;
  /** Pairs besides `{}`, `[]` and `()`. */
  readonly brackets?: readonly [string, string][];
  /** Marks that are closed as they are typed; absent: `"`. */
  readonly quotes?: readonly string[];
  /** Fetches the grammar. */
  readonly load: () => Promise<{ readonly default: TextMateGrammar }>;
}

const C_COMMENTS: languages.CommentRule = { lineComment: "//", blockComment: ["/*", "*/"] };
const HASH: languages.CommentRule = { lineComment: "#" };

/** By Monaco's names of the syntaxes. */
export const TEXTMATE_LANGUAGES: Readonly<Record<string, TextMateLanguage>> = {
  json: { comments: C_COMMENTS, load: () => import("@shikijs/langs/jsonc") },
  makefile: { comments: HASH, load: () => import("@shikijs/langs/make") },
  toml: { comments: HASH, load: () => import("@shikijs/langs/toml") },
  zig: { comments: { lineComment: "//" }, load: () => import("@shikijs/langs/zig") },
  ...LANGUAGE_GRAMMARS,
};
