/** Reduces the route table to methods and paths in the page's bundle: the schemas validate on the server only. */
import { pathToFileURL } from "node:url";
import type { Plugin } from "vite";

const ROUTE_TABLE = /\/contracts\/src\/routes\/index\.ts$/u;

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
    const slim = Object.entries(table.routes).map(([name, { method, path, access }]) => [name, { method, path, access }]);
    return [
      `export const routes = ${JSON.stringify(Object.fromEntries(slim))};`,
      `export const sockets = ${JSON.stringify(table.sockets)};`,
    ].join("\n");
  },
});
