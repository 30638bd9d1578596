/**
 * `npm run bench`: the figures of SPECIFICATION.md for this machine. `--short` makes each load small enough for `npm test`,
 * which shows that the benchmarks run, not how fast the product is. Names after it choose single benchmarks, and `--tier gvisor`
 * one tier of those that run programs.
 */
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { startServer } from "../support/server.ts";
import { benchArchives } from "./archives.ts";
import { benchBusyNeighbour } from "./busy-neighbour.ts";
import { openCpuAccount } from "./cpu-account.ts";
import { describeMachine } from "./machine.ts";
import { benchEditToVisible } from "./edit-to-visible.ts";
import { benchFirstVisit } from "./first-visit.ts";
import { benchOneSocket } from "./one-socket.ts";
import { benchPage } from "./page-load.ts";
import { benchPut } from "./put.ts";
import { benchReconnect } from "./reconnect.ts";
import { benchMemory, benchRelay } from "./relay/relay.ts";
import { benchRunCost } from "./run-cost.ts";
import { benchSandboxCost } from "./sandbox-cost.ts";
import { benchStart } from "./start.ts";
import { benchPrinting, benchWarmRuns } from "./warm-run.ts";

const { values, positionals } = parseArgs({
  options: { short: { type: "boolean", default: false }, tier: { type: "string" } },
  allowPositionals: true,
});
const short = values.short;
/** The loads that the others are made of; `npm run test:all` runs them all at full size. */
const SHORT = ["start", "edit", "put", "visit", "run"];
const wanted = (name: string): boolean =>
  positionals.length === 0 ? !short || SHORT.includes(name) : positionals.includes(name);
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const SETTLE_MS = short ? 1000 : 10_000;
/** One tier is enough to show that the measurements of runs work; figures need both. */
const allTiers = short && positionals.length === 0 ? ["namespaces"] : ["namespaces", "gvisor"];
if (values.tier !== undefined && !["namespaces", "gvisor"].includes(values.tier)) {
  say(`--tier is namespaces or gvisor, not ${values.tier}`);
  process.exit(2);
}
const TIERS = values.tier === undefined ? allTiers : [values.tier];

/** Limits that belong to the public, not to a benchmark. */
const UNLIMITED = {
  ATELIER_CHECK_ANSWERS: "no",
  RATE_LIMIT_READ: "9999999",
  RATE_LIMIT_WRITE: "9999999",
  RATE_LIMIT_SIGN_IN: "9999999",
  RATE_LIMIT_EXECUTE: "9999999",
};

say(`Atelier benchmarks${short ? " (short)" : ""}: ${describeMachine()}`);

let failed = 0;
const section = async (title: string, work: () => Promise<string[]>): Promise<void> => {
  say(`\n${title}`);
  try {
    for (const text of await work()) say(text);
  } catch (error) {
    failed++;
    say(`  failed: ${error instanceof Error ? error.message : String(error)}`);
  }
};

if (wanted("start")) await section("Starting and stopping", () => benchStart(short ? 1 : 5));
if (["put", "edit", "socket", "page", "visit", "reconnect"].some(wanted)) {
  await using server = await startServer({ env: UNLIMITED });
  // The first sandboxes boot behind the listening server; they are measured below, not here.
  await delay(SETTLE_MS);
  if (wanted("edit")) await section("Live documents", () => benchEditToVisible(server, short ? 50 : 1000));
  if (wanted("socket")) await section("Keys beside a program", () => benchOneSocket(server, short ? 25 : 250));
  if (wanted("put")) await section("Saves", () => benchPut(server, short ? 40 : 2000));
  if (wanted("page")) await section("The page (headless Chromium)", () => benchPage(server, short ? 1 : 7));
  if (wanted("visit")) await section("A first visit", () => benchFirstVisit(server, short ? 1 : 7));
  if (wanted("reconnect")) await section("The network returns", () => benchReconnect(server, short ? 1 : 20));
}
if (wanted("archives")) {
  await section("Archives", async () => {
    await using server = await startServer({ env: UNLIMITED });
    await delay(SETTLE_MS);
    return await benchArchives(server, short ? 20 : 480);
  });
}
if (wanted("relay")) {
  await section("What relaying costs a server", async () => {
    await using server = await startServer({ env: UNLIMITED });
    await delay(SETTLE_MS);
    // Awaited here: the server ends with this block.
    return await benchRelay(
      server,
      short ? { warmSeconds: 1, seconds: 3, rounds: 1 } : { warmSeconds: 3, seconds: 8, rounds: 3 },
    );
  });
  await section("A server's memory", () => benchMemory(UNLIMITED, SETTLE_MS));
}
if (wanted("run") || wanted("cost")) {
  const account = openCpuAccount();
  for (const tier of TIERS) {
    await section(`Warm runs, SANDBOX=${tier}`, async () => {
      await using server = await startServer({ env: { ...UNLIMITED, SANDBOX: tier } });
      await delay(SETTLE_MS);
      const timings = wanted("run")
        ? [...(await benchWarmRuns(server, short ? 2 : 30)), ...(await benchPrinting(server, short ? 1 : 5))]
        : [];
      const costs = wanted("cost") ? await benchRunCost(server, account, short ? 2 : 20) : [];
      return [...timings, ...costs];
    });
    if (wanted("cost")) {
      await section(`One sandbox, part by part, ${tier}`, () => benchSandboxCost(tier, account, short ? 1 : 15));
    }
  }
  account.close();
}
if (wanted("neighbour")) {
  for (const tier of TIERS) {
    await section(`Beside a busy neighbour, ${tier}`, () => benchBusyNeighbour(tier, short ? 2 : 120));
  }
}
process.exitCode = failed === 0 ? 0 : 1;
