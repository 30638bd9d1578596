/** Reads the parts of tsconfig.json that matter when a program runs: target, JSX, decorators, and how names are resolved. */
"use strict";

const fs = require("node:fs");
const path = require("node:path");

const MAX_EXTENDS = 16;

/** Parses JSON with comments and trailing commas; undefined when it is invalid. */
const parse = (text) => {
  const plain = text
    .replace(/^\uFEFF/u, "")
    .replace(/("(?:[^"\\]|\\.)*")|\/\*[^]*?\*\/|\/\/[^\n]*/gu, (_, string) => string ?? " ")
    .replace(/("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])/gu, (_, string) => string ?? "");
  try {
    const value = JSON.parse(plain);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
};

const readText = (file) => {
  try {
    return fs.readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
};

const readJson = (file) => {
  const text = readText(file);
  return text === undefined ? undefined : parse(text);
};

const extendedFile = (folder, name) => {
  if (typeof name !== "string") return undefined;
  const at = name.startsWith(".") || name.startsWith("/") ? path.resolve(folder, name) : path.join(folder, "node_modules", name);
  return [at, `${at}.json`, path.join(at, "tsconfig.json")].find((file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile());
};

/** The compiler options of a file, after those of the files that it extends; each path is absolute from the file that has it. */
const compilerOptions = (file, depth = 0) => {
  const config = depth > MAX_EXTENDS ? undefined : readJson(file);
  if (config === undefined) return {};
  const folder = path.dirname(file);
  const own = { ...config.compilerOptions };
  if (typeof own.baseUrl === "string") own.baseUrl = path.resolve(folder, own.baseUrl);
  if (own.paths !== undefined) own.pathsFolder = folder;
  const extended = [config.extends ?? []].flat().map((name) => extendedFile(folder, name));
  return Object.assign({}, ...extended.map((base) => (base ? compilerOptions(base, depth + 1) : {})), own);
};

const yearOf = (target) => {
  const name = typeof target === "string" ? target.toLowerCase() : "esnext";
  if (name === "es3" || name === "es5") return 2009;
  if (name === "es6") return 2015;
  return Number(/^es(20\d\d)$/u.exec(name)?.[1] ?? 9999);
};

const textOr = (value, otherwise) => (typeof value === "string" ? value : otherwise);

const optionsOf = (given) => ({
  classic: !/^react-jsx(?:dev)?$/u.test(textOr(given.jsx, "")),
  jsxPragma: textOr(given.jsxFactory, undefined),
  jsxPragmaFrag: textOr(given.jsxFragmentFactory, undefined),
  jsxImportSource: textOr(given.jsxImportSource, undefined),
  onlyRemoveTypeImports: given.verbatimModuleSyntax === true,
  experimentalDecorators: given.experimentalDecorators === true,
  emitDecoratorMetadata: given.emitDecoratorMetadata === true,
  useDefineForClassFields: typeof given.useDefineForClassFields === "boolean" ? given.useDefineForClassFields : undefined,
  yearOfTarget: yearOf(given.target),
  baseUrl: textOr(given.baseUrl, undefined),
  paths: Object.entries(given.paths ?? {}).filter(([, targets]) => Array.isArray(targets)),
  pathsFolder: textOr(given.baseUrl ?? given.pathsFolder, undefined),
});

const configs = new Map();

/** The options of the nearest tsconfig.json at or above a folder; TypeScript's defaults when there is none. */
const optionsFor = (folder) => {
  const known = configs.get(folder);
  if (known !== undefined) return known;
  const file = path.join(folder, "tsconfig.json");
  const parent = path.dirname(folder);
  const isHere = fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  const options = isHere ? optionsOf(compilerOptions(file)) : parent === folder ? optionsOf({}) : optionsFor(parent);
  configs.set(folder, options);
  return options;
};

const packages = new Map();

/** The `type` of the nearest package.json. */
const packageTypeFor = (folder) => {
  if (packages.has(folder)) return packages.get(folder);
  const parent = path.dirname(folder);
  const own = readJson(path.join(folder, "package.json"));
  const type = own !== undefined ? own.type : parent === folder ? undefined : packageTypeFor(parent);
  packages.set(folder, type);
  return type;
};

module.exports = { optionsFor, packageTypeFor };
