/** Makes Node load TypeScript and JSX, and resolve names as TypeScript does: without extensions, by `.js` names, by `paths`. */
"use strict";

const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { fileURLToPath, pathToFileURL } = require("node:url");
const { compile } = require("./warm-up-compiler.cjs");
const { optionsFor, packageTypeFor } = require("./warm-up-tsconfig.cjs");
const { withoutTypeExports } = require("./warm-up-type-exports.cjs");

const COMPILED = /\.(?:[mc]?ts|tsx|jsx)$/u;
const EXTENSIONS = [".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs", ".json"];
/** The source extensions that the extension of a JavaScript file may stand for. */
const SOURCES = { ".js": [".ts", ".tsx"], ".jsx": [".tsx"], ".mjs": [".mts"], ".cjs": [".cts"] };

const isFile = (file) => fs.statSync(file, { throwIfNoEntry: false })?.isFile() === true;

/** The source file for a path that does not exist itself. */
const findFile = (given) => {
  const extension = path.extname(given);
  const stem = given.slice(0, given.length - extension.length);
  return [
    ...(SOURCES[extension] ?? []).map((source) => stem + source),
    ...EXTENSIONS.map((added) => given + added),
    ...EXTENSIONS.map((added) => path.join(given, `index${added}`)),
  ].find(isFile);
};

/** The files that `paths` and `baseUrl` give for a name, best match first. */
const mapped = (name, { paths, pathsFolder, baseUrl }) => {
  const matches = paths.flatMap(([pattern, targets]) => {
    const star = pattern.indexOf("*");
    if (star < 0) return pattern === name ? [{ length: Infinity, targets, rest: "" }] : [];
    const [head, tail] = [pattern.slice(0, star), pattern.slice(star + 1)];
    const fits = name.length >= head.length + tail.length && name.startsWith(head) && name.endsWith(tail);
    return fits ? [{ length: head.length, targets, rest: name.slice(head.length, name.length - tail.length) }] : [];
  });
  const best = matches.toSorted((a, b) => b.length - a.length)[0];
  const files = (best?.targets ?? []).map((target) => path.resolve(pathsFolder, String(target).replace("*", () => best.rest)));
  return baseUrl === undefined ? files : [...files, path.resolve(baseUrl, name)];
};

const pathOf = (specifier, parentFile) => {
  if (specifier.startsWith("file:")) return fileURLToPath(specifier);
  return path.resolve(path.dirname(parentFile), specifier);
};

/** In the form that Node's resolution takes: paths for `require`, URLs for `import`. */
const named = (file, { conditions }) => (conditions?.includes("require") ? file : pathToFileURL(file).href);

const isPath = (specifier) => /^(?:\.{0,2}\/|\.{1,2}$|file:)/u.test(specifier);

const resolve = (specifier, context, next) => {
  const parentFile = context.parentURL?.startsWith("file:") ? fileURLToPath(context.parentURL) : undefined;
  if (parentFile === undefined || parentFile.includes("/node_modules/")) return next(specifier, context);
  if (!isPath(specifier)) {
    if (/^(?:node|data|https?):/u.test(specifier) || specifier.startsWith("#")) return next(specifier, context);
    const options = optionsFor(path.dirname(parentFile));
    if (options.paths.length === 0 && options.baseUrl === undefined) return next(specifier, context);
    for (const file of mapped(specifier, options)) {
      const found = isFile(file) ? file : findFile(file);
      if (found !== undefined) return next(named(found, context), context);
    }
    return next(specifier, context);
  }
  try {
    return next(specifier, context);
  } catch (error) {
    const isAbsent = /^(?:ERR_MODULE_NOT_FOUND|MODULE_NOT_FOUND|ERR_UNSUPPORTED_DIR_IMPORT)$/u.test(error?.code);
    const found = isAbsent ? findFile(pathOf(specifier, parentFile)) : undefined;
    if (found === undefined) throw error;
    return next(named(found, context), context);
  }
};

const load = (url, context, next) => {
  if (!url.startsWith("file:") || !COMPILED.test(url.replace(/[?#].*$/u, ""))) return next(url, context);
  const file = fileURLToPath(url);
  const folder = path.dirname(file);
  const compiled = compile(file, { options: optionsFor(folder), packageType: packageTypeFor(folder) });
  if (compiled.format !== "module") return { ...compiled, shortCircuit: true };
  const find = (specifier) => {
    const named = path.resolve(folder, specifier);
    const found = isFile(named) ? named : findFile(named);
    return found !== undefined && COMPILED.test(found) ? found : undefined;
  };
  return { format: "module", source: withoutTypeExports(compiled.source, find), shortCircuit: true };
};

/** Installs the hooks in this thread. Errors are shown with positions in the sources. */
const install = () => {
  Module.registerHooks({ resolve, load });
  process.setSourceMapsEnabled(true);
};

module.exports = { install };
