// The page: built by Vite when its sources are others than the ones it was built from.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { locked } from "./lock.mjs";
import { checkout, projectNode } from "./checkout.mjs";
import { digestOf, readIfThere, writeWhole } from "./recipe.mjs";

const sources = [
  "packages/web",
  "packages/contracts/src",
  "packages/run-configurations/src",
  "languages",
  "package-lock.json",
  "tsconfig.base.json",
];
const built = join(checkout, "packages", "web", "dist");
const stamp = join(checkout, "node_modules", ".cache", "atelier", "web-stamp");

/** Builds packages/web into its `dist`, unless what is there was built from the same sources. */
export async function ensureWeb(tell) {
  const current = () => existsSync(join(built, "index.html")) && readIfThere(stamp) === digestOf(checkout, sources);
  if (current()) return "up to date";
  return locked(join(checkout, ".atelier", "web.lock"), { tell }, async () => {
    if (current()) return "up to date";
    const from = digestOf(checkout, sources);
    const args = [join(checkout, "node_modules", "vite", "bin", "vite.js"), "build", "--logLevel", "warn"];
    await run(projectNode(), args, { cwd: join(checkout, "packages", "web"), tell, what: "building the page" });
    writeWhole(stamp, from);
    return "built";
  });
}
