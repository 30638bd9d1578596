/** The syntaxes that Monaco does not bring and `grammars.ts` does. */
export const GRAMMAR_IDS = [
  "ada",
  "cobol",
  "crystal",
  "d",
  "erlang",
  "fortran",
  "groovy",
  "haskell",
  "json",
  "lisp",
  "makefile",
  "nasm",
  "ocaml",
  "octave",
  "prolog",
  "raku",
  "toml",
  "zig",
] as const;
export type GrammarId = (typeof GRAMMAR_IDS)[number];
