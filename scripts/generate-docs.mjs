// Writes the pages of docs/ that come from the code: `node scripts/generate-docs.mjs`.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkout } from "./lib/checkout.mjs";
import { describeConfiguration } from "../packages/server/src/config.ts";

writeFileSync(join(checkout, "docs", "configuration.md"), describeConfiguration());
