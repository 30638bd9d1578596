// Writes the pages of docs/ that are generated from the code: `node scripts/generate-docs.mjs`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { checkout, projectNode } from "./lib/checkout.mjs";
import { launch } from "./lib/launch.mjs";

if (process.features.typescript) {
  const { describeConfiguration } = await import("../packages/server/src/config.ts");
  writeFileSync(join(checkout, "docs", "configuration.md"), describeConfiguration());
} else {
  // An older Node cannot load the server's TypeScript.
  process.exitCode = await launch(projectNode(), [process.argv[1] ?? ""]);
}
