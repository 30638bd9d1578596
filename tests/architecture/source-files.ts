/** The source files of this repository, as the checks on names, sizes and settings see them. */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** `*.local.*` is one developer's scratch, which git ignores. */
const source = /(?<!\.local)\.(tsx?|mjs|c|h|sql|css)$/;
const leftOut = new Set(["node_modules", "dist", "coverage"]);
/** Programs as people bring them, in their own style. */
const shapes = "tests/fixtures/project-shapes";

/** Paths relative to `root`, sorted, of all source files below `folders`. */
export const sourceFiles = (root: string, folders: readonly string[]): string[] => {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (leftOut.has(entry.name) || entry.name.startsWith(".")) continue;
      const path = join(folder, entry.name);
      if (path === shapes) continue;
      if (entry.isDirectory()) visit(path);
      else if (source.test(entry.name)) found.push(path);
    }
  };
  for (const folder of folders) visit(folder);
  return found.toSorted();
};
