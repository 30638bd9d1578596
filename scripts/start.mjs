// `npm start`: from a fresh checkout to a listening server. A second start skips everything that is already done.
import { join } from "node:path";
import process from "node:process";
import { SetupFault, report } from "./lib/fault.mjs";
import { launch } from "./lib/launch.mjs";
import { checkout, projectNode } from "./lib/places.mjs";
import { serverEnvironment, setUp } from "./lib/setup.mjs";

const main = join(checkout, "packages", "server", "src", "main.ts");

try {
  await setUp();
  // Whoever ran this wants to read the address, also when the output goes to a file.
  const env = { ATELIER_PROGRESS: "yes", ...serverEnvironment() };
  process.exitCode = await launch(projectNode(), [main], { cwd: checkout, env });
} catch (error) {
  report(error);
  process.exitCode = error instanceof SetupFault ? 1 : 70;
}
