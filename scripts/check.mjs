// `npm run check`: the checks that need no database and no sandbox; under a minute.
import process from "node:process";
import { staticChecks } from "./lib/checks.mjs";
import { ensureDependencies } from "./lib/dependencies.mjs";
import { report } from "./lib/fault.mjs";
import { close, vitest } from "./lib/parts.mjs";
import { step } from "./lib/progress.mjs";
import { pureTests } from "./lib/pure-tests.mjs";
import { watchedRun } from "./lib/watched-run.mjs";

try {
  await step("Dependencies", ensureDependencies);
  process.exitCode = await watchedRun(async () => {
    const results = await staticChecks();
    results.push(await vitest("boundaries and style", ["--project=architecture"]));
    results.push(await vitest("pure unit tests", ["--project=unit*", ...pureTests()]));
    return close(results);
  });
} catch (error) {
  report(error);
  process.exitCode = 1;
}
