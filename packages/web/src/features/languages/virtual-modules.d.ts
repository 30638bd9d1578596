/** The modules that build/language-tables.ts generates from `languages/<id>/language.json`. */

declare module "virtual:languages/badges" {
  import type { Badge } from "@atelier/contracts/language-declaration";
  /** By extension without its dot, in small letters. */
  export const LANGUAGE_BADGES: Readonly<Record<string, Badge>>;
}

declare module "virtual:languages/syntaxes" {
  /** Syntax ids by extension without its dot and by whole file name, in small letters. */
  export const LANGUAGE_SYNTAXES: {
    readonly extensions: Readonly<Record<string, string>>;
    readonly names: Readonly<Record<string, string>>;
  };
}

declare module "virtual:languages/errors" {
  import type { ErrorPatterns } from "@atelier/contracts/error-positions";
  export const LANGUAGE_ERRORS: ErrorPatterns;
}

declare module "virtual:languages/byproducts" {
  /** Globs of files that tools of the languages write for themselves. */
  export const LANGUAGE_BYPRODUCTS: readonly string[];
}

/** Registers Monaco's own grammars. */
declare module "virtual:languages/monaco-grammars" {}

declare module "virtual:languages/textmate-grammars" {
  import type { TextMateLanguage } from "../editor/monaco/textmate-languages.ts";
  /** By Monaco's names of the syntaxes. */
  export const LANGUAGE_GRAMMARS: Readonly<Record<string, TextMateLanguage>>;
}
