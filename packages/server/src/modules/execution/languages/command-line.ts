/** From a language's templates to the argv of one run: elements, never a shell string. */
import type { SandboxFile } from "../run/ports.ts";
import { resolve } from "node:path";
import type { LanguageDeclaration } from "./load-languages.ts";

/** What of a file decides how a program is started. */
export type SourceText = Pick<SandboxFile, "path" | "bytes">;

export type CommandLineInput = {
  readonly entryPoint: string;
  readonly args: readonly string[];
  readonly files: readonly SourceText[];
  /** Whether the output is shown in a terminal. */
  readonly terminal?: boolean;
};

/**
 * Matches a path that a tool cannot read as anything else. It begins with a letter, digit, `_` or `.`, so it is no option (`-`, `+`), no
 * file of options (`@`) and no compiler pattern (`%`). It has no `=` or `:`, so it names no variable or scheme. It has a dot or
 * slash, so it is no subcommand (`node inspect`).
 */
const readsAsPath = (path: string): boolean => /^[\p{L}\p{N}_.][^:=%]*$/u.test(path) && /[./]/u.test(path);

/** Puts `./` before a path that a tool could read as something else. */
const asPath = (path: string): string => (readsAsPath(path) ? path : `./${path}`);

/** The entry point, then every other source of the language that has no entry point of its own: several programs may share a project. */
const sourcesOf = (language: LanguageDeclaration, { entryPoint, files }: CommandLineInput): string[] => {
  const ownEntryPoint = language.ownEntryPoint === undefined ? undefined : new RegExp(language.ownEntryPoint, "u");
  const isOther = ({ path, bytes }: SourceText): boolean =>
    path !== entryPoint &&
    language.extensions.some((extension) => path.endsWith(extension)) &&
    ownEntryPoint?.test(Buffer.from(bytes).toString("utf8")) !== true;
  return [
    asPath(entryPoint),
    ...files
      .filter(isOther)
      .map(({ path }) => asPath(path))
      .toSorted(),
  ];
};

const fill = (template: readonly string[], language: LanguageDeclaration, input: CommandLineInput): string[] =>
  template.flatMap((part) => {
    switch (part) {
      case "{entryPoint}":
        return [asPath(input.entryPoint)];
      case "{args}":
        return input.args;
      case "{color}":
        return input.terminal === true ? language.color : [];
      case "{sources}":
        return sourcesOf(language, input);
      default:
        return [part];
    }
  });

const projectFolder = "/project";

/**
 * gcc passes a source's base name to the compiler proper, which reads `@x.c` as a file of options if a file `x.c` exists. With such
 * sources gcc therefore runs in a folder without sources, and the paths are absolute.
 */
const compileOf = (template: readonly string[], language: LanguageDeclaration, input: CommandLineInput): string[] => {
  const sources = sourcesOf(language, input);
  const command = fill(template, language, input);
  if (!sources.some((path) => /(?:^|\/)@[^/]*$/u.test(path))) return command;
  const isSource = new Set(sources);
  return [
    "/usr/bin/env",
    "--chdir=/",
    ...command.map((part) => (isSource.has(part) ? resolve(projectFolder, part) : part)),
  ];
};

/** The commands of a run; `compile` only where the language has one. */
export const commandLinesOf = (
  language: LanguageDeclaration,
  input: CommandLineInput,
): { readonly compile?: readonly string[]; readonly run: readonly string[] } => ({
  ...(language.compile === undefined ? {} : { compile: compileOf(language.compile, language, input) }),
  run: fill(language.run, language, input),
});
