/** Runs the providers' contract suites with vitest in the guest, and reports their results. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import type { GuestReport } from "../situations.ts";

type Suite = { assertionResults: { status: string; fullName: string; failureMessages: string[] }[]; message?: string };

const checkout = join(import.meta.dirname, "../../..");
const adapters = "packages/server/src/platform/sandboxes/adapters";
const situation = process.argv[2] ?? "";

/** A word of the kernel's command line. */
const word = (name: string): string | undefined =>
  new RegExp(`(?:^| )atelier\\.${name}=(\\S*)`, "u").exec(readFileSync("/proc/cmdline", "utf8").trim())?.[1];

const tiers = word("tiers") ?? "namespaces,gvisor";
const files = { namespaces: "bubblewrap.test.ts", gvisor: "gvisor.test.ts" };
const chosen = Object.entries(files).flatMap(([tier, file]) =>
  tiers.split(",").includes(tier) ? [`${adapters}/${file}`] : [],
);
const only = word("only");
const results = `/tmp/contract-${situation}.json`;
const argv = [
  ["node_modules/vitest/vitest.mjs", "run", "--project=unit*", "--configLoader=native", "--no-file-parallelism"],
  ["--reporter=verbose", "--reporter=json", `--outputFile.json=${results}`, ...chosen],
  only === undefined ? [] : ["-t", Buffer.from(only, "base64url").toString("utf8")],
].flat();
const env = {
  ...process.env,
  NO_COLOR: "1",
  ATELIER_TEST_IMAGE: process.env["ATELIER_GUEST_IMAGE"] ?? "",
  ATELIER_TEST_TOOLS: dirname(process.env["ATELIER_GUEST_RUNSC"] ?? ""),
};
const vitest = spawn(process.execPath, argv, { cwd: checkout, env, stdio: ["ignore", "pipe", "pipe"] });
const closed = once(vitest, "close");
for (const input of [vitest.stdout, vitest.stderr])
  createInterface({ input }).on("line", (line) => {
    // A long list of what was not asked for.
    if (!/^\s*↓/u.test(line)) writeSync(1, `${situation}  ${line}\n`);
  });
await closed;

const suites = existsSync(results)
  ? (JSON.parse(readFileSync(results, "utf8")) as { testResults: Suite[] }).testResults
  : [];
const tests = suites.flatMap(({ assertionResults }) => assertionResults);
const count = (...statuses: string[]): number => tests.filter(({ status }) => statuses.includes(status)).length;
const broken = suites.filter(({ assertionResults }) => assertionResults.length === 0);
const report: GuestReport = {
  kind: "contract",
  situation,
  passed: count("passed"),
  skipped: tests.length - count("passed", "failed"),
  failures: [
    ...tests
      .filter(({ status }) => status === "failed")
      .map(({ fullName, failureMessages }) => `${fullName}: ${failureMessages.join("\n").slice(0, 800)}`),
    ...broken.map(({ message }) => `a suite could not be loaded: ${message?.slice(0, 800)}`),
  ],
};
writeSync(1, `${JSON.stringify(report)}\n`);
