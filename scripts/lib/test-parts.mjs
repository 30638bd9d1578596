// The parts of `npm test` and `npm run test:all`: what each runs, and which run in parallel.
import { join } from "node:path";
import process from "node:process";
import { staticChecks } from "./checks.mjs";
import { asLine, ensureImage, testGuest } from "./image.mjs";
import { vitest, whole } from "./parts.mjs";
import { optionalStep } from "./setup.mjs";

/** @typedef {import("./run-parts.mjs").Part} Part */

/** Situations of tests/guest that together take half a minute: root with limits of the kernel, and a user with polled limits. */
const shortSituations = "root-session,terminal";

/**
 * The emulated machine's disks; its recipe names a kernel of this processor.
 * @param {import("./part-output.mjs").PartOutput} out
 */
async function prepareGuest(out) {
  if (process.arch !== "x64") return;
  await optionalStep("Emulated machine", async (tell) => {
    const done = await ensureImage(testGuest, asLine(tell));
    out.write(`Emulated machine: ${done}\n`);
    return done;
  });
}

/** @param {string} name */
const bench = (name, ...args) => [join("tests", name, "main.ts"), ...args];

/**
 * Every part by name. To add one: an entry here, its name in one of the lanes below, and a line in CONTRIBUTING.md.
 * @type {Record<string, Part>}
 */
export const parts = {
  check: async ({ out }) => [
    ...(await staticChecks(out)),
    await vitest("boundaries and style", ["--project=architecture"], { out }),
  ],
  unit: async (options) => [await vitest("unit, contract and API tests", ["--project=unit*"], options)],
  e2e: async (options) => [await vitest("the page in a browser", ["--project=e2e"], options)],
  guest: async ({ env, out }) => {
    await prepareGuest(out);
    const few = { ...env, ATELIER_TEST_GUEST_SITUATIONS: shortSituations };
    return [await vitest("sandboxes in an emulated machine, short", ["--project=guest"], { env: few, out })];
  },
  bench: async (options) => [await whole("benchmarks, short", bench("bench", "--short"), options)],
  chaos: async (options) => [await whole("chaos, short", bench("chaos", "--short"), options)],

  browsers: async (options) => [await vitest("the journeys in Firefox and WebKitGTK", ["--project=browsers"], options)],
  combinations: async ({ env, out }) => {
    const complete = { ...env, ATELIER_TEST_WHOLE: "yes" };
    const files = [
      "adapters/gvisor.test.ts",
      "adapters/bubblewrap.test.ts",
      "project-shapes/in-sandboxes.test.ts",
      "ended-by-signal.e2e.ts",
    ];
    const projects = ["--project=unit*", "--project=e2e"];
    return [await vitest("cases that npm test leaves out", [...projects, ...files], { env: complete, out })];
  },
  "guest-whole": async ({ env, out }) => {
    await prepareGuest(out);
    return [await vitest("sandboxes in an emulated machine", ["--project=guest"], { env, out })];
  },
  "chaos-whole": async (options) => [await whole("chaos", bench("chaos"), options)],
  "bench-whole": async (options) => [await whole("benchmarks", bench("bench"), options)],
};

/** `npm test`, whose budget is 9 minutes on two cores: each lane begins with its longest part, and the lane that ends first takes over the others. */
export const shortLanes = [["check", "unit", "guest", "chaos", "bench"], ["e2e"]];

/** The parts that `npm run test:all` adds to `npm test`, one after the other: benchmarks are meaningless while something else runs. */
export const longParts = ["browsers", "combinations", "guest-whole", "chaos-whole", "bench-whole"];
