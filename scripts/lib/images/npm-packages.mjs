// npm packages of a recipe, by this machine's npm: global packages below /usr/local, without their install scripts.
import { cpSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "../command.mjs";
import { removeTree } from "./enter-root.mjs";

/** Every package of a tree as `npm ls --json` gives it, "name@version", each once. */
function versionsIn({ dependencies = {} }, found = new Map()) {
  for (const [name, one] of Object.entries(dependencies)) {
    const versions = found.get(name) ?? new Set();
    found.set(name, versions.add(one.version));
    versionsIn(one, found);
  }
  return found;
}

/** @returns {Promise<Record<string, string>>} what was added, with everything that it needs */
export async function addNpm({ upper, fresh, recipe, say }) {
  const prefix = join(fresh, ".npm");
  mkdirSync(prefix);
  const wanted = Object.entries(recipe.npm).map(([name, version]) => `${name}@${version}`);
  const where = ["--global", "--prefix", prefix];
  const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  say(0.1, `downloading ${wanted.join(", ")}`);
  // npm checks each package's integrity as the registry gives it.
  await run("npm", ["install", ...where, ...quiet, ...wanted], { what: "npm install" });
  const listed = JSON.parse(await run("npm", ["ls", ...where, "--all", "--json"], { what: "npm ls" }));
  cpSync(prefix, join(upper, "usr", "local"), { recursive: true, verbatimSymlinks: true });
  await removeTree(prefix);
  return Object.fromEntries(
    [...versionsIn(listed)].map(([name, versions]) => [`npm ${name}`, [...versions].join(" ")]),
  );
}
