/** Checks the types of one file at a time; requests from the page the other files that a check needs. */
import type * as TypeScript from "typescript";
import { type ConfigFile, compilerOptions, extendedNames, resolvePath } from "./compiler-options.ts";
import { isOfMissingBase } from "./missing-base.ts";
import { isShown } from "./problem-filter.ts";
import type { CheckResult, Problem, TextUpdate } from "./problem.ts";

const ROOT = "/project";
const LIBRARIES = "/lib";
const NODE = "/node_modules/@types/node/index.d.ts";
const MAX_EXTENDS = 16;
const AMBIENT = /^\s*declare\s+module\s+["']([^"']+)["']/gmu;

export interface TypeCheckerOptions {
  typescript: typeof TypeScript;
  /** `lib.esnext.d.ts` and so on. */
  libraries: Readonly<Record<string, string>>;
  /** By absolute path: `/node_modules/@types/node/index.d.ts`. */
  declarations: ReadonlyMap<string, string>;
}

export interface TypeChecker {
  /** `paths` are all files of the project, relative to its root. */
  update(texts: readonly TextUpdate[], paths?: readonly string[]): void;
  /** Returns the paths of texts that it lacks, as long as there are any; then all problems of the file. */
  check(path: string): CheckResult;
}

export function createTypeChecker({ typescript: ts, libraries, declarations }: TypeCheckerOptions): TypeChecker {
  let paths: ReadonlySet<string> = new Set();
  const texts = new Map<string, string | null>();
  let wanted = new Set<string>();
  let program: TypeScript.Program | undefined;
  let optionsKey = "";
  const parsed = new Map<string, { text: string; file: TypeScript.SourceFile }>();
  /** Packages that are imported but missing, by the file that imports them. */
  const missing = new Map<string, readonly string[]>();
  const builtIn = ambientModules(declarations.values());

  const textOf = (path: string): string | undefined => {
    if (path.startsWith(`${LIBRARIES}/`)) return libraries[path.slice(LIBRARIES.length + 1)];
    if (!path.startsWith(`${ROOT}/`)) return declarations.get(path);
    const own = path.slice(ROOT.length + 1);
    const text = texts.get(own);
    if (text === undefined && paths.has(own)) wanted.add(own);
    return text ?? undefined;
  };
  const fileExists = (path: string): boolean => {
    if (!path.startsWith(`${ROOT}/`)) return declarations.has(path);
    const own = path.slice(ROOT.length + 1);
    const text = texts.get(own);
    return text !== null && (text !== undefined || paths.has(own));
  };
  const readJson = (path: string): unknown => {
    const text = fileExists(path) ? textOf(path) : undefined;
    return text === undefined ? undefined : (ts.parseConfigFileTextToJson(path, text).config as unknown);
  };
  const chainOf = (path: string, depth = 0): ConfigFile[] => {
    const json = depth > MAX_EXTENDS ? undefined : readJson(path);
    if (json === undefined) return [];
    const folder = path.slice(0, path.lastIndexOf("/"));
    const bases = extendedNames(json).flatMap((name) => {
      if (!/^[./]/u.test(name)) return [];
      const at = resolvePath(folder, name);
      const found = [at, `${at}.json`, `${at}/tsconfig.json`].find(fileExists);
      return found === undefined ? [] : chainOf(found, depth + 1);
    });
    return [...bases, { folder, json }];
  };
  /** Options of the nearest tsconfig.json at or above the file. */
  const optionsFor = (file: string): TypeScript.CompilerOptions => {
    let folder = file.slice(0, file.lastIndexOf("/"));
    while (folder.startsWith(ROOT) && !fileExists(`${folder}/tsconfig.json`)) {
      folder = folder.slice(0, folder.lastIndexOf("/"));
    }
    const options = compilerOptions(folder.startsWith(ROOT) ? chainOf(`${folder}/tsconfig.json`) : []);
    return { ...options, lib: options.lib?.filter((name) => libraries[name] !== undefined) ?? [] };
  };
  /** Packages that a file imports and that no `declare module` declares. */
  const lacksPackages = (files: readonly TypeScript.SourceFile[]): boolean => {
    const own = ambientModules(files.filter(({ fileName }) => fileName.startsWith(ROOT)).map(({ text }) => text));
    const names = files.flatMap(({ fileName }) => missing.get(fileName) ?? []);
    return names.some((name) => !builtIn.has(name) && !own.has(name));
  };

  const build = (roots: string[], options: TypeScript.CompilerOptions): TypeScript.Program => {
    const host: TypeScript.CompilerHost = {
      getSourceFile: (path, how) => {
        const text = textOf(path);
        if (text === undefined) return undefined;
        const known = parsed.get(path);
        if (known?.text === text) return known.file;
        const file = ts.createSourceFile(path, text, how);
        parsed.set(path, { text, file });
        return file;
      },
      getDefaultLibFileName: () => `${LIBRARIES}/lib.esnext.d.ts`,
      getDefaultLibLocation: () => LIBRARIES,
      writeFile: () => undefined,
      getCurrentDirectory: () => ROOT,
      getCanonicalFileName: (path) => path,
      useCaseSensitiveFileNames: () => true,
      getNewLine: () => "\n",
      fileExists,
      readFile: textOf,
      resolveModuleNameLiterals: (literals, containing, redirected, settings) => {
        const lacking: string[] = [];
        const resolutions = literals.map(({ text }) => {
          const found = ts.resolveModuleName(text, containing, settings, host, undefined, redirected);
          if (!found.resolvedModule && !/^[./]/u.test(text)) lacking.push(text);
          return found;
        });
        if (containing.startsWith(ROOT)) missing.set(containing, lacking);
        return resolutions;
      },
    };
    return ts.createProgram(roots, options, host, program);
  };
  return {
    update: (changes, all) => {
      if (all) {
        paths = new Set(all);
        // Imports may now resolve to other files; parsed files stay.
        program = undefined;
      }
      for (const [path, text] of changes) {
        if (text === undefined) texts.delete(path);
        else texts.set(path, text);
      }
    },
    check: (path) => {
      wanted = new Set();
      const file = `${ROOT}/${path}`;
      const options = optionsFor(file);
      const key = JSON.stringify(options);
      if (key !== optionsKey) {
        optionsKey = key;
        program = undefined;
        // Options that only change how a file is parsed do not matter for declarations.
        for (const each of parsed.keys()) if (each.startsWith(`${ROOT}/`)) parsed.delete(each);
      }
      const ambient = [...paths].filter(isAmbientFile).map((each) => `${ROOT}/${each}`);
      const roots = [...new Set([NODE, ...ambient.filter(fileExists), file])];
      program = build(roots, options);
      if (wanted.size > 0) {
        // A program that lacks files is not reused for the next one.
        program = undefined;
        return { kind: "wanted", paths: [...wanted] };
      }
      const source = program.getSourceFile(file);
      if (!source) return { kind: "problems", problems: [] };
      const around = {
        lacksPackages: lacksPackages(program.getSourceFiles()),
        lacksFiles: [...texts.values()].includes(null),
      };
      const types = program.getTypeChecker();
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return {
        kind: "problems",
        problems: found.flatMap((each): Problem[] => {
          const { code, start = 0, length = 0, category, messageText } = each;
          if (category !== ts.DiagnosticCategory.Error && category !== ts.DiagnosticCategory.Warning) return [];
          if (!isShown({ code, subject: source.text.slice(start, start + length) }, around)) return [];
          if (around.lacksPackages && isOfMissingBase(ts, types, each)) return [];
          const from = source.getLineAndCharacterOfPosition(start);
          const to = source.getLineAndCharacterOfPosition(start + length);
          return [
            {
              line: from.line + 1,
              column: from.character + 1,
              endLine: to.line + 1,
              endColumn: to.character + 1,
              severity: category === ts.DiagnosticCategory.Error ? "error" : "warning",
              code,
              message: ts.flattenDiagnosticMessageText(messageText, "\n"),
            },
          ];
        }),
      };
    },
  };
}

function isAmbientFile(path: string): boolean {
  return path.endsWith(".d.ts") && !/(?:^|\/)node_modules\//u.test(path);
}

function ambientModules(declarations: Iterable<string>): Set<string> {
  const names = new Set<string>();
  for (const text of declarations) for (const [, name] of text.matchAll(AMBIENT)) names.add(name ?? "");
  return names;
}
