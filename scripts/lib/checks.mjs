// The checks that need no server: format, lint, types.
import { join } from "node:path";
import process from "node:process";
import { directOutput, bufferedOutput } from "./part-output.mjs";
import { fromModules, runNode, wholeResult } from "./parts.mjs";
import { checkout } from "./checkout.mjs";
import { digest, readIfThere, writeWhole } from "./recipe.mjs";
import { sourceDigest } from "./source-digest.mjs";

/** @typedef {import("./part-output.mjs").PartOutput} PartOutput */

const stamps = fromModules(".cache", "atelier", "checks");

/** The record of what npm installed: the versions of the tools, and the types that the code is checked against. */
const installed = () => digest(readIfThere(fromModules(".package-lock.json")) ?? "");

/**
 * Where passes are stored, and what they depend on besides a tool's arguments.
 * @typedef {{ root: string, folder: string, installed: () => string }} Memory
 * @type {Memory}
 */
const checkoutMemory = { root: checkout, folder: stamps, installed };

/**
 * A digest of everything that a tool's result depends on: its arguments, the installed packages, and every source and configuration file.
 * Undefined when the files cannot be listed: then nothing is stored.
 * @param {readonly string[]} args
 * @param {Memory} memory
 */
async function verdictKey(args, memory) {
  const sources = await sourceDigest(memory.root);
  return sources === undefined ? undefined : digest([args, memory.installed(), process.version, sources]);
}

/**
 * Whether the tool passes; its output is shown only if it does not. Only a pass is stored, and only if nothing changed while the tool ran.
 * @param {{ title: string, args: readonly string[], out: PartOutput, memory?: Memory }} options
 */
export async function check({ title, args, out, memory }) {
  const began = performance.now();
  const stamp = memory && join(memory.folder, digest(title).slice(0, 16));
  const key = memory && (await verdictKey(args, memory));
  if (stamp !== undefined && key !== undefined && readIfThere(stamp) === key) {
    out.write(`✓ ${title} (nothing changed since it passed)\n`);
    return wholeResult(title, true);
  }
  const output = bufferedOutput();
  const isGood = (await runNode(args, { out: output })) === 0;
  out.write(`${isGood ? "✓" : "✗"} ${title} (${((performance.now() - began) / 1000).toFixed(1)} s)\n`);
  if (!isGood) out.write(`${output.text().trimEnd()}\n`);
  if (isGood && key !== undefined && (await verdictKey(args, memory)) === key) writeWhole(stamp, key);
  return wholeResult(title, isGood);
}

/** tsc checks the times of our files but not of those in node_modules: after an installation it must build from the start. */
async function checkTypes(out) {
  const stamp = join(stamps, "types-installed");
  const isSame = readIfThere(stamp) === installed();
  const args = [fromModules("typescript-7", "bin", "tsc"), "-b", "--pretty", "false", ...(isSame ? [] : ["--force"])];
  const result = await check({ title: "types (tsc)", args, out });
  if (result.failed === 0 && !isSame) writeWhole(stamp, installed());
  return result;
}

/** Runs them side by side; each result counts as one test.
 * @param {PartOutput} [out] */
export function staticChecks(out = directOutput()) {
  const memory = checkoutMemory;
  const lint = [fromModules("oxlint", "bin", "oxlint"), "--type-aware", "--deny-warnings"];
  return Promise.all([
    check({ title: "format (oxfmt)", args: [fromModules("oxfmt", "bin", "oxfmt"), "--check", "."], out, memory }),
    check({ title: "lint (oxlint, type-aware)", args: lint, out, memory }),
    checkTypes(out),
  ]);
}
