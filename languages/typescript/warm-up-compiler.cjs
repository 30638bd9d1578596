/**
 * Compiles TypeScript and JSX to JavaScript of the same module kind, with source maps; types are never checked.
 *
 * oxc does it in a tenth of a millisecond and is loaded ahead. It does not support standard decorators, class fields of older targets, or
 * names from other parts of a merged namespace: files that need them go to swc, which is loaded for the first such file.
 */
"use strict";

const fs = require("node:fs");
const path = require("node:path");
const vm = require("node:vm");

const modules = path.join(__dirname, "..", "..", "node_modules");
const { arch } = process;

/** @returns {typeof import("oxc-transform")} */
const loadOxc = () =>
  require(`${modules}/@oxc-transform/binding-linux-${arch}-gnu/transform.linux-${arch}-gnu.node`);
const loadSwc = () => require(`${modules}/@swc/core-linux-${arch}-gnu/swc.linux-${arch}-gnu.node`);

const oxc = loadOxc();
let swc;

const mapComment = (map) =>
  `\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString("base64")}\n`;

const withoutComments = (source) => source.replace(/\/\*[^]*?\*\/|\/\/.*$/gmu, "");
const hasDecorators = (source) => source.includes("@") && /(?:^|[\s(,;{}])@[\w$(]/mu.test(withoutComments(source));

const hasClassFieldsOfOldTargets = (source, { useDefineForClassFields, yearOfTarget }) =>
  !(useDefineForClassFields ?? yearOfTarget >= 2022) && /\bclass\b/u.test(source);

const hasMergedParts = (source) => {
  const names = [...source.matchAll(/\b(?:namespace|module|enum)\s+([\w$.]+)\s*\{/gu)].map(([, name]) => name);
  return new Set(names).size < names.length;
};

const languageOf = (path) => (path.endsWith(".tsx") ? "tsx" : path.endsWith(".jsx") ? "jsx" : "ts");

const VLQ = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const vlq = (value) => {
  let rest = value << 1;
  let text = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    text += VLQ[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return text;
};

/** Throws a SyntaxError with a position in the source: Node shows the position as it does for its own errors. */
const throwingProgram = ({ path, source, message, offset }) => {
  const before = source.slice(0, offset).split("\n");
  const mappings = `AA${vlq(before.length - 1)}${vlq(before.at(-1).length)}`;
  const map = { version: 3, sources: [path], sourcesContent: [source], names: [], mappings };
  return `throw new SyntaxError(${JSON.stringify(message)});${mapComment(JSON.stringify(map))}`;
};

const compileByOxc = (path, source, options) => {
  const { classic, jsxPragma, jsxPragmaFrag, jsxImportSource, onlyRemoveTypeImports } = options;
  const { code, map, errors } = oxc.transformSync(path, source, {
    lang: languageOf(path),
    sourceType: "module",
    sourcemap: true,
    typescript: {
      onlyRemoveTypeImports,
      ...(jsxPragma === undefined ? {} : { jsxPragma }),
      ...(jsxPragmaFrag === undefined ? {} : { jsxPragmaFrag }),
    },
    jsx: classic
      ? {
          runtime: "classic",
          ...(jsxPragma === undefined ? {} : { pragma: jsxPragma }),
          ...(jsxPragmaFrag === undefined ? {} : { pragmaFrag: jsxPragmaFrag }),
        }
      : { runtime: "automatic", ...(jsxImportSource === undefined ? {} : { importSource: jsxImportSource }) },
  });
  const error = errors.find(({ severity }) => severity === "Error");
  if (error === undefined) return code + mapComment(JSON.stringify({ ...map, sources: [path] }));
  // Offsets are in UTF-8.
  const bytes = error.labels[0]?.start ?? 0;
  const offset = Buffer.from(source).subarray(0, bytes).toString("utf8").length;
  return throwingProgram({ path, source, message: error.message, offset });
};

// oxlint-disable-next-line no-control-regex -- the colour sequences in compilers' messages
const plain = (text) => text.replace(/\u001b\[[0-9;]*m/gu, "");

const compileBySwc = (path, source, { options, toCommonJs }) => {
  swc ??= loadSwc();
  const { classic, jsxPragma, jsxPragmaFrag, jsxImportSource, onlyRemoveTypeImports } = options;
  const settings = {
    filename: path,
    sourceFileName: path,
    sourceMaps: true,
    inlineSourcesContent: true,
    swcrc: false,
    configFile: false,
    isModule: true,
    module: { type: toCommonJs ? "commonjs" : "es6" },
    jsc: {
      parser: path.endsWith(".jsx")
        ? { syntax: "ecmascript", jsx: true, decorators: true }
        : { syntax: "typescript", tsx: path.endsWith(".tsx"), decorators: true },
      target: options.yearOfTarget < 2015 ? "es5" : options.yearOfTarget > 2022 ? "es2022" : `es${options.yearOfTarget}`,
      keepClassNames: true,
      transform: {
        legacyDecorator: options.experimentalDecorators,
        decoratorMetadata: options.emitDecoratorMetadata,
        ...(options.experimentalDecorators ? {} : { decoratorVersion: "2022-03" }),
        useDefineForClassFields: options.useDefineForClassFields ?? options.yearOfTarget >= 2022,
        verbatimModuleSyntax: onlyRemoveTypeImports,
        react: classic
          ? { runtime: "classic", pragma: jsxPragma, pragmaFrag: jsxPragmaFrag }
          : { runtime: "automatic", importSource: jsxImportSource },
      },
    },
  };
  try {
    const { code, map } = swc.transformSync(source, false, Buffer.from(JSON.stringify(settings)));
    return code + mapComment(map);
  } catch (error) {
    const lines = plain(String(error?.message ?? error)).split("\n");
    const message = lines.find((line) => /^\s*x /u.test(line))?.replace(/^\s*x /u, "") ?? lines[0];
    const place = /\[[^\]]*:(\d+):(\d+)\]/u.exec(lines.join("\n"));
    const before = source.split("\n").slice(0, Number(place?.[1] ?? 1) - 1);
    const offset = before.join("\n").length + Math.min(before.length, 1) + Number(place?.[2] ?? 1) - 1;
    return throwingProgram({ path, source, message, offset });
  }
};

const PARAMETERS = ["exports", "require", "module", "__filename", "__dirname"];
/** Node detects ES modules by their syntax: these are errors that occur in CommonJS only. */
const ONLY_IN_MODULES =
  /import statement outside a module|Unexpected token 'export'|'import\.meta' outside a module|await is only valid|Unexpected reserved word|Identifier '(?:exports|require|module|__filename|__dirname)' has already been declared/u;

const isModuleByItsSyntax = (code) => {
  if (!/\b(?:import|export|await)\b/u.test(code)) return false;
  try {
    vm.compileFunction(code, PARAMETERS);
    return false;
  } catch (error) {
    return ONLY_IN_MODULES.test(String(error?.message));
  }
};

/** Names of CommonJS that an ES module uses without declaring them: a prelude declares them, as in the CommonJS that `tsc` would make. */
const commonJsNames = (code) => {
  const isDeclared = (name) =>
    new RegExp(
      `\\b(?:const|let|var|function|class)\\s+${name}\\b|\\bimport\\b[^;]*\\b${name}\\b[^;]*\\bfrom\\b` +
        `|\\b(?:const|let|var)\\s*[{[][^=;]*\\b${name}\\b[^=;]*[}\\]]\\s*=`,
      "u",
    ).test(code);
  const used = (name) => new RegExp(`(?<![.\\w$'"\`-])${name}\\b(?!\\s*:)`, "u").test(code) && !isDeclared(name);
  const prelude = [];
  const usesRequire = used("require");
  const usesModule = used("module");
  if (usesRequire || usesModule) {
    prelude.push('import { createRequire as __atelierCreateRequire } from "node:module";');
  }
  if (usesModule) prelude.push("const module = { exports: {}, id: import.meta.filename, filename: import.meta.filename };");
  if (usesRequire) {
    prelude.push("const require = __atelierCreateRequire(import.meta.url);");
    if (usesModule) prelude.push("require.main = import.meta.main ? module : undefined;");
  }
  if (used("__filename")) prelude.push("const __filename = import.meta.filename;");
  if (used("__dirname")) prelude.push("const __dirname = import.meta.dirname;");
  return prelude.join(" ");
};

/** Moves all positions of a source map down by one line, which the prelude takes. */
const withPrelude = (prelude, code) => {
  const at = code.lastIndexOf("\n//# sourceMappingURL=data:application/json;base64,");
  const map = JSON.parse(Buffer.from(code.slice(code.indexOf(",", at) + 1), "base64").toString("utf8"));
  return `${prelude}\n${code.slice(0, at)}${mapComment(JSON.stringify({ ...map, mappings: `;${map.mappings}` }))}`;
};

/**
 * @param {string} path absolute
 * @param {{ options: object, packageType: string | undefined }} context options from the file's tsconfig.json (warm-up-tsconfig.cjs),
 *   and the `type` of its package.json
 * @returns {{ format: "module" | "commonjs", source: string }}
 */
const compile = (path, { options, packageType }) => {
  const source = fs.readFileSync(path, "utf8").replace(/^\uFEFF/u, "");
  const needsSwc = hasDecorators(source) || hasClassFieldsOfOldTargets(source, options) || hasMergedParts(source);
  const code = needsSwc ? compileBySwc(path, source, { options, toCommonJs: false }) : compileByOxc(path, source, options);
  if (path.endsWith(".cts")) {
    const isWritten = isModuleByItsSyntax(code);
    return { format: "commonjs", source: isWritten ? compileBySwc(path, source, { options, toCommonJs: true }) : code };
  }
  const isModule = path.endsWith(".mts") || packageType === "module" || isModuleByItsSyntax(code);
  if (!isModule) return { format: "commonjs", source: code };
  const prelude = commonJsNames(code);
  return { format: "module", source: prelude === "" ? code : withPrelude(prelude, code) };
};

module.exports = { compile };
