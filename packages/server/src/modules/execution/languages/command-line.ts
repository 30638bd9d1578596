/** From a language's templates to the argv of one run: elements, never a shell string. */
import type { SandboxBuild, SandboxFile } from "../run/ports.ts";
import { resolve } from "node:path";
import type { Declaration } from "@atelier/contracts/language-declaration";

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

/** Where compilers write, in the run's own disk. */
export const OUTPUT_FOLDER = "/tmp/build";

const nameOf = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const withoutExtension = (name: string): string => name.replace(/(?<=.)\.[^.]*$/u, "");
const folderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** `./` before it, so that it begins no option: `.` or `./src/lib`. */
const entryFolderOf = (entryPoint: string): string => {
  const folder = folderOf(entryPoint);
  return folder === "" ? "." : `./${folder}`;
};

type Ordered = { readonly path: string; readonly defines: readonly string[]; readonly uses: readonly string[] };

/** Files after those that define what they use, else in the given order; a circle is left as it is. */
const inOrder = (files: readonly Ordered[]): string[] => {
  const definers = new Map(files.flatMap((file) => file.defines.map((name) => [name, file] as const)));
  const done = new Set<Ordered>();
  const visit = (file: Ordered): void => {
    if (done.has(file)) return;
    done.add(file);
    for (const name of file.uses) {
      const definer = definers.get(name);
      if (definer !== undefined) visit(definer);
    }
    ordered.push(file.path);
  };
  const ordered: string[] = [];
  for (const file of files) visit(file);
  return ordered;
};

const textOf = ({ bytes }: SourceText): string => Buffer.from(bytes).toString("utf8");

const namesIn = (text: string, pattern: string): string[] =>
  [...text.matchAll(new RegExp(pattern, "gimu"))].flatMap(({ groups }) => groups?.["name"]?.toLowerCase() ?? []);

/**
 * The entry point, then every other source of the language that has no entry point of its own: several programs may share a project. Of
 * a language whose sources have an order, they are in that.
 */
const sourcesOf = (language: Declaration, { entryPoint, files }: CommandLineInput): string[] => {
  const { ownEntryPoint, sources, extensions } = language;
  const own = ownEntryPoint === undefined ? undefined : new RegExp(ownEntryPoint, "mu");
  const except = sources.except === undefined ? undefined : new RegExp(sources.except, "u");
  const isOther = (file: SourceText): boolean =>
    file.path !== entryPoint &&
    extensions.some((extension) => file.path.toLowerCase().endsWith(extension)) &&
    (sources.within === "project" || folderOf(file.path) === folderOf(entryPoint)) &&
    except?.test(file.path) !== true &&
    own?.test(textOf(file)) !== true;
  const others = files.filter(isOther).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const { order } = sources;
  if (order === undefined) return [entryPoint, ...others.map(({ path }) => path)].map(asPath);
  const started = files.filter(({ path }) => path === entryPoint);
  const ordered = [...others, ...started].map((file): Ordered => {
    const text = textOf(file);
    return { path: file.path, defines: namesIn(text, order.defines), uses: namesIn(text, order.uses) };
  });
  return inOrder(ordered).map(asPath);
};

/** `src/main.kt` -> `MainKt`, or what the file says. */
const mainClassOf = ({ mainClass }: Declaration, { entryPoint, files }: CommandLineInput): string => {
  const { names = [], fileSuffix = "", package: packagePattern } = mainClass ?? {};
  const started = files.find(({ path }) => path === entryPoint);
  const text = started === undefined ? "" : textOf(started);
  const nameBy = (pattern: string): string | undefined => new RegExp(pattern, "mu").exec(text)?.groups?.["name"];
  const stem = withoutExtension(nameOf(entryPoint)).replaceAll(/\W/gu, "_");
  const name = names.map(nameBy).find((found) => found !== undefined);
  const inPackage = packagePattern === undefined ? undefined : nameBy(packagePattern);
  const plain = name ?? `${stem.charAt(0).toUpperCase()}${stem.slice(1)}${fileSuffix}`;
  return inPackage === undefined ? plain : `${inPackage}.${plain}`;
};

const fillInside = (part: string, { entryPoint }: CommandLineInput): string =>
  part
    .replaceAll("{output}", () => OUTPUT_FOLDER)
    .replaceAll("{entryFolder}", () => entryFolderOf(entryPoint))
    .replaceAll("{entryName}", () => withoutExtension(nameOf(entryPoint)));

const fill = (template: readonly string[], language: Declaration, input: CommandLineInput): string[] =>
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
      case "{mainClass}":
        return [mainClassOf(language, input)];
      default:
        return [fillInside(part, input)];
    }
  });

const projectFolder = "/project";

/**
 * gcc passes a source's base name to the compiler proper, which reads `@x.c` as a file of options if a file `x.c` exists. With such
 * sources compilers therefore run in a folder without sources, and the paths are absolute.
 */
const compileOf = (template: readonly string[], language: Declaration, input: CommandLineInput): string[] => {
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

/** The commands of a run; `compile`, in the order in which they run, only where the language has one. */
export const commandLinesOf = (
  language: Declaration,
  input: CommandLineInput,
): { readonly compile?: SandboxBuild["steps"]; readonly run: readonly string[] } => {
  const run = fill(language.run, language, input);
  const [first, ...rest] = (language.compile ?? []).map((template) => compileOf(template, language, input));
  if (first === undefined) return { run };
  return { compile: [["/usr/bin/mkdir", "-p", OUTPUT_FOLDER], first, ...rest], run };
};
