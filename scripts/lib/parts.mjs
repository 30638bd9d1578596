// Runs programs that check or test something, and counts their results.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import process from "node:process";
import { directOutput } from "./part-output.mjs";
import { checkout, projectNode } from "./checkout.mjs";
import { readIfThere } from "./recipe.mjs";

/** @typedef {import("./part-output.mjs").PartOutput} PartOutput */
/** @typedef {{ title: string, passed: number, failed: number, failures: string[], skipped: string[] }} Result */

/** The path of a program of an npm package, from its file inside node_modules.
 * @param {...string} path */
export function fromModules(...path) {
  return join(checkout, "node_modules", ...path);
}

/**
 * Runs a script with the project's Node; its output goes to `out`. Resolves with its exit code.
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, out?: PartOutput }} [options]
 * @returns {Promise<number>}
 */
export function runNode(args, { env = process.env, out = directOutput() } = {}) {
  return new Promise((resolve, reject) => {
    // Programs started by tests find the project's Node first, as under npm.
    const path = `${fromModules(".bin")}:${env["PATH"] ?? ""}`;
    const child = spawn(projectNode(), args, {
      cwd: checkout,
      env: { ...env, TMPDIR: tmpdir(), ...out.env, PATH: path },
      stdio: ["ignore", out.stdio, out.stdio],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.setEncoding("utf8").on("data", out.write);
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** The result of a program that passes or fails as a whole.
 * @returns {Result} */
export function wholeResult(title, isGood) {
  return { title, passed: isGood ? 1 : 0, failed: isGood ? 0 : 1, failures: [], skipped: [] };
}

/** A long run that passes or fails as a whole.
 * @returns {Promise<Result>} */
export async function whole(title, args, { env, out }) {
  return wholeResult(title, (await runNode(args, { env, out })) === 0);
}

/** Runs vitest and counts its tests; a run that found no test, or broke before it could report, counts as failed.
 * @returns {Promise<Result>} */
export async function vitest(title, args, { env = process.env, out = directOutput() } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "atelier-results-"));
  const file = join(folder, "results.json");
  try {
    const command = [fromModules("vitest", "vitest.mjs"), "run", ...args];
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const code = await runNode([...command, ...reporters], { env, out });
    const text = readIfThere(file);
    const counts = text === undefined ? { passed: 0, failed: 0, failures: [], skipped: [] } : count(JSON.parse(text));
    // A file that cannot be loaded has no failed test, yet must not pass.
    if (counts.failed === 0 && (code !== 0 || counts.passed === 0)) counts.failed = 1;
    return { title, ...counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(report) {
  const tests = report.testResults.flatMap((file) =>
    file.assertionResults.map((test) => ({ ...test, where: `${relative(checkout, file.name)}: ${test.fullName}` })),
  );
  const brokenFiles = report.testResults
    .filter((file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"))
    .map((file) => `${relative(checkout, file.name)}: it could not be loaded, or failed outside of its tests`);
  const failures = [...tests.filter((test) => test.status === "failed").map((test) => test.where), ...brokenFiles];
  return {
    passed: tests.filter((test) => test.status === "passed").length,
    failed: failures.length,
    failures,
    skipped: tests.filter((test) => !["passed", "failed"].includes(test.status)).map((test) => test.fullName),
  };
}

/**
 * Prints the closing lines, with the name of each failure, and returns the exit code. A skip that
 * tests/allowed-skips.json does not name fails a CI run, and is printed otherwise.
 * @param {readonly Result[]} results
 * @returns {0 | 1}
 */
export function close(results) {
  const { skips } = JSON.parse(readIfThere(join(checkout, "tests", "allowed-skips.json")) ?? '{"skips":[]}');
  const allowed = new Set(skips.map((skip) => skip.test));
  const skipped = results.flatMap((result) => result.skipped);
  const unexpected = skipped.filter((name) => !allowed.has(name));
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  const inCi = Boolean(process.env["CI"]) && process.env["CI"] !== "false";
  const failed = sum("failed") + (inCi ? unexpected.length : 0);
  process.stdout.write("\n");
  for (const name of unexpected) process.stdout.write(`skipped without being in tests/allowed-skips.json: ${name}\n`);
  for (const { title, failed: number, failures } of results.filter((result) => result.failed > 0)) {
    process.stdout.write(`failed: ${title} (${number})\n`);
    for (const failure of failures) process.stdout.write(`  ${failure}\n`);
  }
  const rest = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  process.stdout.write(`${sum("passed")} passed, ${failed} failed${rest}\n`);
  return failed === 0 && sum("passed") > 0 ? 0 : 1;
}
