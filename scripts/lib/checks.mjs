// The checks that need no server: format, lint, types.
import { check, fromModules } from "./parts.mjs";

/** Runs them side by side; each result counts as one test. */
export function staticChecks() {
  return Promise.all([
    check("format (oxfmt)", [fromModules("oxfmt", "bin", "oxfmt"), "--check", "."]),
    check("lint (oxlint, type-aware)", [fromModules("oxlint", "bin", "oxlint"), "--type-aware", "--deny-warnings"]),
    check("types (tsc)", [fromModules("typescript-7", "bin", "tsc"), "-b", "--pretty", "false"]),
  ]);
}
