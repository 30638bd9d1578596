/**
 * Removes types from `export { A, B } from "./x"`: the file alone does not tell that A is a type, and JavaScript has no such export.
 * Only types that the other file itself declares are found; a type exported through several files needs `export type`.
 */
"use strict";

const fs = require("node:fs");

const FORWARDED = /^export \{([^}]*)\} from ("(?:\.[^"]*)");?$/gmu;
const TYPE = /^[ \t]*export\s+(?:declare\s+)?(?:interface|type)\s+([\w$]+)/gmu;
const VALUE =
  /^[ \t]*export\s+(?:declare\s+)?(?:default\s+)?(?:abstract\s+|async\s+)?(?:const\s+enum|const|let|var|function\*?|class|enum|namespace|module)\s+([\w$]+)/gmu;

const typesOf = (file) => {
  const source = fs.readFileSync(file, "utf8");
  const values = new Set([...source.matchAll(VALUE)].map(([, name]) => name));
  return new Set([...source.matchAll(TYPE)].map(([, name]) => name).filter((name) => !values.has(name)));
};

/**
 * @param {string} code as printed by a compiler: each statement begins a line
 * @param {(specifier: string) => string | undefined} find the TypeScript file that a specifier means
 */
const withoutTypeExports = (code, find) => {
  if (!code.includes("export {")) return code;
  return code.replace(FORWARDED, (statement, list, quoted) => {
    const file = find(JSON.parse(quoted));
    if (file === undefined) return statement;
    const types = typesOf(file);
    const kept = list
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "" && !types.has(each.split(/\s/u)[0]));
    return `export { ${kept.join(", ")} } from ${quoted};`;
  });
};

module.exports = { withoutTypeExports };
