/** From a language's templates to the argv of one run: elements, never a shell string. */
import type { SandboxFile } from "../ports.ts";
import type { LanguageDeclaration } from "./declaration.ts";

export type CommandLineInput = {
  readonly entryPoint: string;
  readonly args: readonly string[];
  readonly files: readonly SandboxFile[];
};

/** A path that could be read as an option is given as one that can't. */
const asPath = (path: string): string => (path.startsWith("-") ? `./${path}` : path);

const MAIN = /\bmain\s*\(/u;

/** The entry point, then every other source of the language that has no `main` of its own: several programs may share a project. */
const sourcesOf = (language: LanguageDeclaration, { entryPoint, files }: CommandLineInput): string[] => {
  const isOther = ({ path, bytes }: SandboxFile): boolean =>
    path !== entryPoint &&
    language.extensions.some((extension) => path.endsWith(extension)) &&
    !MAIN.test(Buffer.from(bytes).toString("utf8"));
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
      case "{sources}":
        return sourcesOf(language, input);
      default:
        return [part];
    }
  });

/** The commands of a run; `compile` only where the language has one. */
export const commandLinesOf = (
  language: LanguageDeclaration,
  input: CommandLineInput,
): { readonly compile?: readonly string[]; readonly run: readonly string[] } => ({
  ...(language.compile === undefined ? {} : { compile: fill(language.compile, language, input) }),
  run: fill(language.run, language, input),
});
