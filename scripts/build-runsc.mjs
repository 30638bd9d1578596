// Started by `npm start` in the background: builds a current runsc, writes its words to the file named, and ends with its starter.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { ensureBuiltRunsc } from "./lib/runsc-build.mjs";

const [log] = process.argv.slice(2);
mkdirSync(dirname(log), { recursive: true });
writeFileSync(log, "");
// What it runs dies with it: bubblewrap by itself, Debian's tools when their output has no reader.
process.stdin.resume().on("close", () => process.exit(1));
try {
  await ensureBuiltRunsc((line) => appendFileSync(log, `${line}\n`));
  process.exit(0);
} catch (error) {
  appendFileSync(log, `${error.message}\n${error.detail ?? ""}\n`);
  process.exit(1);
}
