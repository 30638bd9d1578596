// `npm test`: sets this machine up like `npm start` does, runs every check and test, and prints one sum.
// `npm test -- unit e2e` runs only those parts; `--all`, which is `npm run test:all`, also the long ones.
import process from "node:process";
import { SetupFault, report } from "./lib/fault.mjs";
import { asLine, ensureImage, testServices } from "./lib/image.mjs";
import { close } from "./lib/parts.mjs";
import { runParts } from "./lib/run-parts.mjs";
import { optionalStep, setUp, testEnvironment } from "./lib/setup.mjs";
import { firefoxPackages, serverPackages, testPackages, webkitPackages } from "./lib/system-packages.mjs";
import { longParts, parts, shortLanes } from "./lib/test-parts.mjs";
import { watchedRun } from "./lib/watched-run.mjs";

/** Stages run one after the other, each in lanes that run side by side. */
function stagesOf(words) {
  const isAll = words.includes("--all");
  const names = words.filter((word) => word !== "--all");
  const unknown = names.find((name) => !Object.hasOwn(parts, name));
  if (unknown) throw new SetupFault(`${unknown}: no such part`, { hint: `parts: ${Object.keys(parts).join(", ")}` });
  if (names.length === 0) return isAll ? [shortLanes, [longParts]] : [shortLanes];
  const wanted = (lane) => lane.filter((name) => names.includes(name));
  return [shortLanes, [longParts]].map((lanes) => lanes.map(wanted).filter((lane) => lane.length > 0));
}

try {
  const stages = stagesOf(process.argv.slice(2));
  const isForBrowsers = stages.flat(2).includes("browsers");
  const browserPackages = isForBrowsers ? [...firefoxPackages, ...webkitPackages] : firefoxPackages;
  await setUp({ packages: [...serverPackages, ...testPackages, ...browserPackages] });
  await optionalStep("Servers that only tests need", (tell) => ensureImage(testServices, asLine(tell)));
  let running;
  const work = async () => {
    const results = [];
    for (const lanes of stages) {
      running = runParts(lanes, parts, testEnvironment());
      results.push(...(await running.results));
    }
    return close(results);
  };
  process.exitCode = await watchedRun(work, { onSignal: () => running?.showUnfinished() });
} catch (error) {
  report(error);
  process.exitCode = 1;
}
