/**
 * Keeps the schemas out of the page's entry. The route table is reduced to methods and paths; creating a schema is declared
 * to have no side effect, so that unused schemas are dropped; and the modules they are made of are not imported, because a chunk
 * waits for every module that its own modules import, used or not. The few schemas that the editor needs are imported from
 * `@atelier/contracts/collaboration`; importing one of their values from `@atelier/contracts` fails the build.
 */
import { pathToFileURL } from "node:url";
import type { Plugin } from "vite";

const ROUTE_TABLE = /\/contracts\/src\/routes\/index\.ts$/u;
const CONTRACT = /\/contracts\/src\/[\w/-]+\.ts$/u;
const MAKES_SCHEMA =
  /(?<![\w.])(?=z\s*\.\s*[a-z]|[A-Z]\w*Schema\s*\.\s*[a-z]+\(|\w+\.(?:optional|nullable|min|max)\(|pageOf\(|textUpTo\(|kind\()/gu;
const INDEX = /\/contracts\/src\/index\.ts$/u;
/** Of these the schemas are real. */
const HEAVY = /\/contracts\/src\/(?:collaboration|shapes)\.ts$/u;
const HEAVY_EXPORT = /^export \* from "\.\/(?:collaboration|shapes)\.ts";$/gmu;
const SCHEMA_IMPORT = /^import \{([^}]*)\} from "(?:zod|\.\/shapes\.ts)";$/gmu;
/** In the place of an import whose values only unused schemas use. */
const stubs = (names: string): string =>
  names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => `const ${name} = null;`)
    .join(" ");

type RouteTable = {
  routes: Record<string, { method: string; path: string; access: string }>;
  sockets: Record<string, string>;
};

export const slimContracts = (): Plugin => ({
  name: "atelier:slim-contracts",
  enforce: "pre",
  async load(id) {
    if (!ROUTE_TABLE.test(id)) return null;
    const table = (await import(pathToFileURL(id).href)) as RouteTable;
    const slim = Object.entries(table.routes).map(([name, { method, path, access }]) => [
      name,
      { method, path, access },
    ]);
    return [
      `export const routes = ${JSON.stringify(Object.fromEntries(slim))};`,
      `export const sockets = ${JSON.stringify(table.sockets)};`,
    ].join("\n");
  },
  transform(code, id) {
    if (INDEX.test(id)) return { code: code.replaceAll(HEAVY_EXPORT, ""), map: null, moduleSideEffects: false };
    if (!CONTRACT.test(id) || ROUTE_TABLE.test(id)) return null;
    const light = HEAVY.test(id) ? code : code.replaceAll(SCHEMA_IMPORT, (_, names: string) => stubs(names));
    return { code: light.replaceAll(MAKES_SCHEMA, "/* @__PURE__ */ "), map: null, moduleSideEffects: false };
  },
});
