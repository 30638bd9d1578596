/**
 * `npm run fresh -- [release …] [scenario …]`: `npm start` on fresh machines, from an empty cache to a program in each
 * language. Takes several minutes and 4 GiB of disk for each, in /var/tmp or ATELIER_FRESH_DIR; by default Debian 13 with
 * every scenario. Machines share this one's kernel and network.
 */
import process from "node:process";
import { notice } from "../../scripts/lib/progress.mjs";
import { isRoot } from "../../scripts/lib/checkout.mjs";
import { releases, type Suite } from "./base.ts";
import { startMachine } from "./machine.ts";
import { type ScenarioName, scenarios, tryScenario } from "./scenarios.ts";

const words = process.argv.slice(2);
const suites = words.filter((word): word is Suite => Object.hasOwn(releases, word));
const names = words.filter((word): word is ScenarioName => Object.hasOwn(scenarios, word));
const unknown = words.filter((word) => !Object.hasOwn(releases, word) && !Object.hasOwn(scenarios, word));
if (unknown.length > 0 || !isRoot) {
  notice(
    unknown.length > 0 ? `${unknown.join(" ")}: neither a release nor a scenario` : "Only root can make machines.",
  );
  notice(`  releases: ${Object.keys(releases).join(" ")}; scenarios: ${Object.keys(scenarios).join(" ")}`);
  process.exit(1);
}

let failed = 0;
for (const suite of suites.length > 0 ? suites : (["trixie"] as const)) {
  for (const name of names.length > 0 ? names : (Object.keys(scenarios) as ScenarioName[])) {
    notice(`— ${releases[suite].title}, ${scenarios[name].title}`);
    let lastLines: string[] = [];
    const tell = (line: string): void => void (lastLines = [...lastLines.slice(-20), line]);
    let wrong: string[];
    try {
      await using machine = await startMachine(suite, tell);
      wrong = await tryScenario(machine, name, notice);
    } catch (error) {
      wrong = [error instanceof Error ? error.message : String(error), ...lastLines];
    }
    for (const what of wrong) notice(`  ✗ ${what}`);
    if (wrong.length === 0) notice("  ✓ all as it should be");
    failed += wrong.length > 0 ? 1 : 0;
  }
}
process.exitCode = failed === 0 ? 0 : 1;
