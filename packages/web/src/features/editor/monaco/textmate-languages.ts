/** The syntaxes that Monaco has no grammar of: where their TextMate grammars are, and how they mark comments. */
import { LANGUAGE_GRAMMARS } from "virtual:languages/textmate-grammars";
import type { languages } from "monaco-editor/editor";
import type { TextMateGrammar } from "./textmate.ts";

export interface TextMateLanguage {
  readonly comments: languages.CommentRule;
  /** Fetches the grammar. */
  readonly load: () => Promise<{ readonly default: TextMateGrammar }>;
}

const C_COMMENTS: languages.CommentRule = { lineComment: "//", blockComment: ["/*", "*/"] };
const PERCENT: languages.CommentRule = { lineComment: "%" };
const HASH: languages.CommentRule = { lineComment: "#" };

/** By Monaco's names of the syntaxes. */
export const TEXTMATE_LANGUAGES: Readonly<Record<string, TextMateLanguage>> = {
  ada: { comments: { lineComment: "--" }, load: () => import("@shikijs/langs/ada") },
  cobol: { comments: { lineComment: "*>" }, load: () => import("@shikijs/langs/cobol") },
  crystal: { comments: HASH, load: () => import("@shikijs/langs/crystal") },
  d: { comments: C_COMMENTS, load: () => import("@shikijs/langs/d") },
  erlang: { comments: PERCENT, load: () => import("@shikijs/langs/erlang") },
  fortran: {
    comments: { lineComment: "!" },
    load: () => import("@shikijs/langs/fortran-free-form"),
  },
  groovy: { comments: C_COMMENTS, load: () => import("@shikijs/langs/groovy") },
  haskell: {
    comments: { lineComment: "--", blockComment: ["{-", "-}"] },
    load: () => import("@shikijs/langs/haskell"),
  },
  json: { comments: C_COMMENTS, load: () => import("@shikijs/langs/jsonc") },
  lisp: {
    comments: { lineComment: ";", blockComment: ["#|", "|#"] },
    load: () => import("@shikijs/langs/common-lisp"),
  },
  makefile: { comments: HASH, load: () => import("@shikijs/langs/make") },
  nasm: { comments: { lineComment: ";" }, load: () => import("@shikijs/langs/asm") },
  ocaml: { comments: { blockComment: ["(*", "*)"] }, load: () => import("@shikijs/langs/ocaml") },
  octave: { comments: PERCENT, load: () => import("@shikijs/langs/matlab") },
  prolog: {
    comments: { ...PERCENT, blockComment: ["/*", "*/"] },
    load: () => import("@shikijs/langs/prolog"),
  },
  raku: { comments: HASH, load: () => import("@shikijs/langs/raku") },
  toml: { comments: HASH, load: () => import("@shikijs/langs/toml") },
  zig: { comments: { lineComment: "//" }, load: () => import("@shikijs/langs/zig") },
  ...LANGUAGE_GRAMMARS,
};
