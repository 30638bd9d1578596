/**
 * `npm run test:languages`: each language in both tiers, with the programs in its folder, as a table. Ids after it choose languages; without
 * any, all whose image is built, and docs/languages.md is written. `--record` writes what the faults print now into their `faults.json`.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createErrorFinder } from "../../packages/contracts/src/error-positions.ts";
import { languagesFolder } from "../../packages/server/src/modules/execution/execution-fixture.ts";
import { recordFaults, tryLanguage } from "../../packages/server/src/modules/execution/languages/language-trial.ts";
import {
  errorPatternsOf,
  type LanguageDeclaration,
  loadLanguages,
} from "../../packages/server/src/modules/execution/languages/load-languages.ts";
import {
  builtLanguages,
  isTierThere,
  openTier,
  type OpenTier,
  type TestedTier,
  testImages,
} from "../../packages/server/src/modules/execution/tier-fixture.ts";
import { checkout } from "../../scripts/lib/checkout.mjs";
import { cellText, type Row, tableOf } from "./table.ts";

const { values, positionals: wanted } = parseArgs({
  options: { record: { type: "boolean", default: false } },
  allowPositionals: true,
});
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const TIERS: readonly TestedTier[] = ["namespaces", "gvisor"];

const languages = await loadLanguages(languagesFolder);
const unknown = wanted.find((id) => !languages.some((language) => language.id === id));
if (unknown !== undefined) {
  say(`${unknown}: no such language; there are: ${languages.map(({ id }) => id).join(" ")}`);
  process.exit(2);
}
const finder = createErrorFinder(errorPatternsOf(languages));
const built = new Set(await builtLanguages());
const chosen = languages.filter(({ id }) => (wanted.length === 0 ? built.has(id) : wanted.includes(id)));
const missing = (wanted.length === 0 ? languages : chosen).filter(({ id }) => !built.has(id));
const able = chosen.filter(({ id }) => built.has(id));

const faultsFile = (id: string): string => join(languagesFolder, id, "faults.json");

const record = async (declaration: LanguageDeclaration, { run }: OpenTier): Promise<void> => {
  const folder = join(languagesFolder, declaration.id);
  const faults = await recordFaults({ declaration, folder, finder, run });
  writeFileSync(faultsFile(declaration.id), `${JSON.stringify(faults, null, 2)}\n`);
  say(`recorded ${declaration.id}: ${faults.length}`);
};

const tryInTier = async (declaration: LanguageDeclaration, tier: OpenTier): Promise<Row["tiers"][string]> => {
  const folder = join(languagesFolder, declaration.id);
  return tryLanguage({ declaration, folder, finder, run: tier.run });
};

const rowOf = async (declaration: LanguageDeclaration): Promise<Omit<Row, "tiers">> => {
  const { id, name, image, lacks } = declaration;
  const found = await testImages.find(image);
  const version = found?.versions[declaration.versionPackage]?.replace(/^\d+:/u, "") ?? declaration.version;
  return { id, name, image, lacks, version, bytes: found?.bytes ?? null };
};

let failed = 0;
const rows = new Map<string, Row>();
for (const tier of values.record ? (["namespaces"] as const) : TIERS) {
  if (!isTierThere(tier)) {
    say(`${tier}: not on this machine`);
    continue;
  }
  const opened = await openTier(tier);
  try {
    for (const declaration of able) {
      if (values.record) {
        await record(declaration, opened);
        continue;
      }
      const tried = await tryInTier(declaration, opened);
      const row = rows.get(declaration.id) ?? { ...(await rowOf(declaration)), tiers: {} };
      rows.set(declaration.id, { ...row, tiers: { ...row.tiers, [tier]: tried } });
      const faults = Object.entries(tried.cells).filter(([, why]) => why !== null);
      failed += faults.length + tried.complaints.length;
      say(
        `${declaration.id.padEnd(12)} ${tier.padEnd(10)} ${Object.keys(tried.cells)
          .map((cell) => cellText(tried, cell))
          .join(" ")}`,
      );
      for (const [cell, why] of faults) say(`  ${cell}: ${why}`);
      for (const complaint of tried.complaints) say(`  ${complaint}`);
    }
  } finally {
    for (const complaint of opened.complaints.splice(0)) say(complaint);
    await opened[Symbol.asyncDispose]();
  }
}
if (!values.record) {
  const table = tableOf([...rows.values()], {
    lines: readFileSync("/proc/cpuinfo", "utf8").match(/^model name.*$/mu)?.[0] ?? "",
  });
  say(`\n${table}`);
  if (wanted.length === 0) writeFileSync(join(checkout, "docs", "languages.md"), table);
}
if (missing.length > 0) {
  say(
    `skipped, because their images are not built (npm run atelier -- images build): ${missing.map(({ id }) => id).join(" ")}`,
  );
}
say(`${rows.size} languages tried, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
