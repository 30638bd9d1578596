/** The type declarations of Node and of the packages that they import, by path in a tree of packages. */

const FILES: Record<string, string> = import.meta.glob(
  [
    "../../../../../../node_modules/@types/node/**/*.d.ts",
    "!../../../../../../node_modules/@types/node/ts*/**",
    "../../../../../../node_modules/@types/node/package.json",
    "../../../../../../node_modules/undici-types/*.d.ts",
    "../../../../../../node_modules/undici-types/package.json",
  ],
  { query: "?raw", import: "default", eager: true },
);

/** `/node_modules/@types/node/index.d.ts` and so on, to their texts. */
export const nodeDeclarations: ReadonlyMap<string, string> = new Map(
  Object.entries(FILES).map(([path, text]) => [path.slice(path.indexOf("/node_modules/")), text]),
);
