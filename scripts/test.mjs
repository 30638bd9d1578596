// `npm test`: sets this machine up like `npm start` does, then runs every check and test, and prints one sum.
// `npm test -- unit e2e` runs only those parts.
import { join } from "node:path";
import process from "node:process";
import { staticChecks } from "./lib/checks.mjs";
import { SetupFault, report } from "./lib/fault.mjs";
import { ensureImage, testGuest, testServices } from "./lib/image.mjs";
import { close, vitest, whole } from "./lib/parts.mjs";
import { optionalStep, setUp, testEnvironment } from "./lib/setup.mjs";
import { serverPackages, testPackages } from "./lib/system-packages.mjs";

const parts = {
  check: async () => [...(await staticChecks()), await vitest("boundaries and style", ["--project=architecture"])],
  unit: async (env) => [await vitest("unit, contract and API tests", ["--project=unit"], { env })],
  guest: async (env) => {
    // Its recipe names a kernel of this processor.
    if (process.arch === "x64") await optionalStep("Emulated machine", (tell) => ensureImage(testGuest, tell));
    return [await vitest("sandboxes in an emulated machine", ["--project=guest"], { env })];
  },
  e2e: async (env) => [await vitest("the page in a browser", ["--project=e2e"], { env })],
  bench: async (env) => [await whole("benchmarks, short", [join("tests", "bench", "main.ts"), "--short"], env)],
  chaos: async (env) => [await whole("chaos, short", [join("tests", "chaos", "main.ts"), "--short"], env)],
};

try {
  const wanted = process.argv.slice(2);
  const unknown = wanted.find((name) => !Object.hasOwn(parts, name));
  if (unknown) throw new SetupFault(`${unknown}: no such part`, { hint: `parts: ${Object.keys(parts).join(", ")}` });
  await setUp({ packages: [...serverPackages, ...testPackages] });
  await optionalStep("Servers that only tests need", (tell) => ensureImage(testServices, tell));
  const env = testEnvironment();
  const results = [];
  for (const name of wanted.length > 0 ? wanted : Object.keys(parts)) results.push(...(await parts[name](env)));
  process.exitCode = close(results);
} catch (error) {
  report(error);
  process.exitCode = 1;
}
