/** The type checker's options: those of the server's compiler, and those of a project's tsconfig.json. */
import type { CompilerOptions } from "typescript";

/** A parsed tsconfig.json; `folder` is the absolute path of its folder. */
export interface ConfigFile {
  folder: string;
  json: unknown;
}

// TypeScript's own numbers, repeated here so that the mapping does not load the compiler.
const TARGET_ESNEXT = 99;
const MODULE_PRESERVE = 200;
const RESOLUTION_BUNDLER = 100;
const DETECTION_FORCE = 3;
const JSX: Readonly<Record<string, number>> = {
  preserve: 1,
  react: 2,
  "react-native": 3,
  "react-jsx": 4,
  "react-jsxdev": 5,
};

const FLAGS = [
  "allowUnreachableCode",
  "allowUnusedLabels",
  "alwaysStrict",
  "emitDecoratorMetadata",
  "erasableSyntaxOnly",
  "exactOptionalPropertyTypes",
  "experimentalDecorators",
  "noFallthroughCasesInSwitch",
  "noImplicitAny",
  "noImplicitOverride",
  "noImplicitReturns",
  "noImplicitThis",
  "noPropertyAccessFromIndexSignature",
  "noUncheckedIndexedAccess",
  "noUnusedLocals",
  "noUnusedParameters",
  "strict",
  "strictBindCallApply",
  "strictBuiltinIteratorReturn",
  "strictFunctionTypes",
  "strictNullChecks",
  "strictPropertyInitialization",
  "useUnknownInCatchVariables",
  "verbatimModuleSyntax",
] as const;
const NAMES = ["jsxFactory", "jsxFragmentFactory", "jsxImportSource"] as const;

type Json = Record<string, unknown>;
const isJson = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** The names in `extends`, in the order in which they are applied. */
export function extendedNames(json: unknown): string[] {
  const given = isJson(json) ? [json["extends"]].flat() : [];
  return given.filter((name) => typeof name === "string");
}

/** Resolves a relative path: `./b/../c` from `/a` is `/a/c`. */
export function resolvePath(folder: string, name: string): string {
  const parts: string[] = [];
  for (const part of (name.startsWith("/") ? name : `${folder}/${name}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

const definesClassFields = (target: unknown): boolean => {
  const name = typeof target === "string" ? target.toLowerCase() : "esnext";
  if (["es3", "es5", "es6"].includes(name)) return false;
  return Number(/^es(20\d\d)$/u.exec(name)?.[1] ?? 9999) >= 2022;
};

const pathsOf = (given: unknown): Record<string, string[]> | undefined => {
  if (!isJson(given)) return undefined;
  const lists = Object.entries(given).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
  return Object.fromEntries(lists.map(([name, to]) => [name, to.filter((each) => typeof each === "string")]));
};

/**
 * Options for a file; `chain` ends with its tsconfig.json, after those that it extends. Options that would only report errors in programs
 * that run are ignored: the newest target and library are used, and modules are resolved as the server does.
 */
export function compilerOptions(chain: readonly ConfigFile[]): CompilerOptions {
  const given: Json = {};
  for (const { folder, json } of chain) {
    const own = isJson(json) && isJson(json["compilerOptions"]) ? { ...json["compilerOptions"] } : {};
    if (typeof own["baseUrl"] === "string") own["baseUrl"] = resolvePath(folder, own["baseUrl"]);
    if (own["paths"] !== undefined) own["pathsBasePath"] = folder;
    Object.assign(given, own);
  }
  const options: CompilerOptions = {
    target: TARGET_ESNEXT,
    module: MODULE_PRESERVE,
    moduleResolution: RESOLUTION_BUNDLER,
    moduleDetection: DETECTION_FORCE,
    lib: ["lib.esnext.d.ts"],
    types: [],
    jsx: JSX[typeof given["jsx"] === "string" ? given["jsx"].toLowerCase() : "react"] ?? 2,
    useDefineForClassFields:
      typeof given["useDefineForClassFields"] === "boolean"
        ? given["useDefineForClassFields"]
        : definesClassFields(given["target"]),
    allowImportingTsExtensions: true,
    allowSyntheticDefaultImports: true,
    esModuleInterop: true,
    resolveJsonModule: true,
    noEmit: true,
    skipLibCheck: true,
  };
  for (const name of FLAGS) if (typeof given[name] === "boolean") options[name] = given[name];
  for (const name of NAMES) if (typeof given[name] === "string") options[name] = given[name];
  if (Array.isArray(given["lib"])) {
    const names = given["lib"].filter((name) => typeof name === "string");
    options.lib = [...new Set(["lib.esnext.d.ts", ...names.map((name) => `lib.${name.toLowerCase()}.d.ts`)])];
  }
  if (typeof given["baseUrl"] === "string") options.baseUrl = given["baseUrl"];
  const paths = pathsOf(given["paths"]);
  if (paths) {
    options.paths = paths;
    options["pathsBasePath"] = given["pathsBasePath"] as string;
  }
  return options;
}
