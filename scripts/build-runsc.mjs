// Started by `npm start` in the background: builds a current runsc, writes its output to the given file, and ends with the process that
// started it.
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import process from "node:process";
import { stopCommands, takeOverSignals } from "./lib/command.mjs";
import { ensureBuiltRunsc } from "./lib/runsc-build.mjs";

const [log] = process.argv.slice(2);
mkdirSync(dirname(log), { recursive: true });
writeFileSync(log, "");
takeOverSignals();
process.stdin.resume().on("close", stopCommands);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, stopCommands);
try {
  await ensureBuiltRunsc((line) => appendFileSync(log, `${line}\n`));
  process.exit(0);
} catch (error) {
  appendFileSync(log, `${error.message}\n${error.detail ?? ""}\n`);
  process.exit(1);
}
