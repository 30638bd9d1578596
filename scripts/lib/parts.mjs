// Runs parts of the checks and tests, counts what each found, and prints the sum at the end.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { checkout, projectNode } from "./places.mjs";
import { readIfThere } from "./recipe.mjs";

/** The path of a program that an npm package brings, by its file inside node_modules. */
export function fromModules(...path) {
  return join(checkout, "node_modules", ...path);
}

/** Runs a script with the project's Node. `quiet` keeps the output back until it is asked for. Resolves with code and output. */
export function runNode(args, { env = process.env, quiet = false } = {}) {
  return new Promise((resolve, reject) => {
    // Programs started by tests find the project's Node first, as under npm.
    const path = `${fromModules(".bin")}:${env["PATH"] ?? ""}`;
    const child = spawn(projectNode(), args, {
      cwd: checkout,
      env: { ...env, PATH: path },
      stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding("utf8").on("data", (chunk) => {
        output += chunk;
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, output }));
  });
}

/** One check that passes or fails as a whole; its output is shown only if it fails. */
export async function check(title, args) {
  const began = performance.now();
  const { code, output } = await runNode(args, { quiet: true });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(`${code === 0 ? "✓" : "✗"} ${title} (${seconds} s)\n`);
  if (code !== 0) process.stdout.write(`${output.trimEnd()}\n`);
  return { title, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] };
}

/** A long run that shows its own output and passes or fails as a whole. */
export async function whole(title, args, env) {
  process.stdout.write(`\n— ${title}\n`);
  const { code } = await runNode(args, { env });
  return { title, passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, skipped: [] };
}

/** Runs vitest and counts its tests; a run that found no test, or broke before it could report, counts as failed. */
export async function vitest(title, args, { env = process.env } = {}) {
  process.stdout.write(`\n— ${title}\n`);
  const folder = mkdtempSync(join(tmpdir(), "atelier-results-"));
  const file = join(folder, "results.json");
  try {
    const command = [fromModules("vitest", "vitest.mjs"), "run", ...args];
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`];
    const { code } = await runNode([...command, ...reporters], { env });
    const text = readIfThere(file);
    const counts = text === undefined ? { passed: 0, failed: 0, skipped: [] } : count(JSON.parse(text));
    // A file that cannot be loaded has no failed test, yet must not pass.
    if (counts.failed === 0 && (code !== 0 || counts.passed === 0)) counts.failed = 1;
    return { title, ...counts };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function count(report) {
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const brokenFiles = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  );
  return {
    passed: tests.filter((test) => test.status === "passed").length,
    failed: tests.filter((test) => test.status === "failed").length + brokenFiles.length,
    skipped: tests.filter((test) => !["passed", "failed"].includes(test.status)).map((test) => test.fullName),
  };
}

/**
 * Prints the closing lines and returns the exit code. A skip that tests/allowed-skips.json does not name fails a CI run
 * and is pointed out elsewhere.
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
  for (const result of results)
    if (result.failed > 0) process.stdout.write(`failed: ${result.title} (${result.failed})\n`);
  const rest = skipped.length > 0 ? `, ${skipped.length} skipped` : "";
  process.stdout.write(`${sum("passed")} passed, ${failed} failed${rest}\n`);
  return failed === 0 && sum("passed") > 0 ? 0 : 1;
}
