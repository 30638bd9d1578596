// `npm run check`: what a change must pass before anything is started; under a minute.
import process from "node:process";
import { staticChecks } from "./lib/checks.mjs";
import { ensureDependencies } from "./lib/dependencies.mjs";
import { report } from "./lib/fault.mjs";
import { close, vitest } from "./lib/parts.mjs";
import { step } from "./lib/progress.mjs";

try {
  await step("Dependencies", ensureDependencies);
  const results = await staticChecks();
  const pure = ["packages/contracts", "packages/web", "packages/server/src/kernel", "packages/server/src/modules"];
  // Adapters and sandboxes meet a real database or a real kernel: npm test runs those.
  const exclude = ["**/adapters/**", "**/sandbox/**"].map((pattern) => `--exclude=${pattern}`);
  results.push(await vitest("boundaries and style", ["--project=architecture"]));
  results.push(await vitest("unit", ["--project=unit", ...exclude, ...pure]));
  process.exitCode = close(results);
} catch (error) {
  report(error);
  process.exitCode = 1;
}
