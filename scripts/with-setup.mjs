// `node scripts/with-setup.mjs <file> …`: sets up what tests need, then runs that TypeScript file with the project's Node.
import process from "node:process";
import { SetupFault, report } from "./lib/fault.mjs";
import { launch } from "./lib/launch.mjs";
import { checkout, projectNode } from "./lib/checkout.mjs";
import { setUp, testEnvironment } from "./lib/setup.mjs";
import { serverPackages, testPackages } from "./lib/system-packages.mjs";
import { watchedRun } from "./lib/watched-run.mjs";

try {
  await setUp({ packages: [...serverPackages, ...testPackages] });
  process.exitCode = await watchedRun(() =>
    launch(projectNode(), process.argv.slice(2), { cwd: checkout, env: testEnvironment() }),
  );
} catch (error) {
  report(error);
  process.exitCode = error instanceof SetupFault ? 1 : 70;
}
