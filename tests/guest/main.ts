/**
 * `npm run guest`: the providers' whole contract suites in the emulated machine, as root and as an ordinary user. It takes
 * long; `--situation`, `--tier` (each more than once) and `--only <text of a test's name>` choose a part.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { asLine, ensureImage, imageFolder, testGuest } from "../../scripts/lib/image.mjs";
import { smallToolsFolder } from "../../scripts/lib/tools.mjs";
import { ensureModules } from "./disks.ts";
import { prepareGuest, runMachine, whyNoMachine } from "./machine.ts";
import { type ContractReport, situations } from "./situations.ts";

const { values } = parseArgs({
  options: {
    situation: { type: "string", multiple: true, default: ["root", "delegated", "polled"] },
    tier: { type: "string", multiple: true, default: ["namespaces", "gvisor"] },
    only: { type: "string" },
  },
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const patience = { wholeMs: 6 * 3_600_000, silenceMs: 20 * 60_000 };

await ensureImage(testGuest, asLine(say));
const root = (image: string): string => join(imageFolder(image), "rootfs");
const parts = { image: root("base"), tools: smallToolsFolder(), guest: root(testGuest) };
const lacking = await whyNoMachine(parts.guest);
if (lacking !== undefined) throw new Error(lacking);

const chosen = situations.filter(({ name }) => values.situation.includes(name));
if (chosen.length === 0) throw new Error(`situations: ${situations.map(({ name }) => name).join(", ")}`);
const only =
  values.only === undefined ? [] : [`atelier.only=${Buffer.from(values.only, "utf8").toString("base64url")}`];
const words = ["atelier.script=run-contract.ts", `atelier.tiers=${values.tier.join(",")}`, ...only];

await using disks = await prepareGuest(parts);
const modules = await ensureModules(say);
const reports: ContractReport[] = [];
const runs = chosen.map((situation) =>
  runMachine({
    parts,
    disks,
    patience,
    situations: [situation],
    words,
    modules,
    progress: say,
    report: (report) => void (report.kind === "contract" && reports.push(report)),
  }),
);
const faults = (await Promise.allSettled(runs)).flatMap((run) =>
  run.status === "rejected" ? [String(run.reason)] : [],
);

let failed = faults.length;
say("");
for (const fault of faults) say(fault);
for (const { situation, passed, skipped, failures } of reports) {
  failed += failures.length + (passed === 0 ? 1 : 0);
  for (const failure of failures) say(`${situation}: ${failure}`);
  say(`${situation}: ${passed} passed, ${failures.length} failed, ${skipped} skipped`);
}
process.exitCode = failed === 0 && reports.length === chosen.length ? 0 : 1;
