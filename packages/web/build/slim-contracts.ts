/**
 * Keeps the schemas out of the page's entry: the route table is reduced to methods and paths, and making a schema is
 * declared to have no side effect, so that one that nobody asks is dropped together with zod.
 */
import { pathToFileURL } from "node:url";
import type { Plugin } from "vite";

const ROUTE_TABLE = /\/contracts\/src\/routes\/index\.ts$/u;
const CONTRACT = /\/contracts\/src\/[\w/-]+\.ts$/u;
const MAKES_SCHEMA =
  /(?<![\w.])(?=z\s*\.\s*[a-z]|[A-Z]\w*Schema\s*\.\s*[a-z]+\(|\w+\.(?:optional|nullable|min|max)\(|pageOf\(|kind\()/gu;

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
    if (!CONTRACT.test(id) || ROUTE_TABLE.test(id)) return null;
    return { code: code.replaceAll(MAKES_SCHEMA, "/* @__PURE__ */ "), map: null, moduleSideEffects: false };
  },
});
