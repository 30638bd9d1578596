// Runs parts of the tests in parallel lanes. The output of a part is printed when the part ends, so that outputs do not mix.
import process from "node:process";
import { directOutput, bufferedOutput } from "./part-output.mjs";
import { wholeResult } from "./parts.mjs";

/** @typedef {import("./parts.mjs").Result} Result */
/** @typedef {import("./part-output.mjs").PartOutput} PartOutput */
/** @typedef {(options: { env: NodeJS.ProcessEnv, out: PartOutput }) => Promise<Result[]>} Part */

/** How often the names of the running parts are printed. */
const toldEveryMs = 30_000;

const sayAloud = (line) => void process.stdout.write(`${line}\n`);
const seconds = (sinceMs) => `${Math.round((performance.now() - sinceMs) / 1000)} s`;

/** @param {readonly Result[]} results */
function summary(results) {
  const sum = (key) => results.reduce((total, result) => total + result[key], 0);
  return `${sum("passed")} passed, ${sum("failed")} failed`;
}

/**
 * @param {readonly string[][]} lanes names of parts: lanes run in parallel, the parts of a lane one after the other, until a lane that
 *   has no part left takes over those of the others; so the lanes end at about the same time
 * @param {Record<string, Part>} parts
 * @param {NodeJS.ProcessEnv} env
 * @param {(line: string) => void} [say]
 * @returns {{ results: Promise<Result[]>, showUnfinished(): void }} `showUnfinished` prints the output of running parts so far
 */
export function runParts(lanes, parts, env, say = sayAloud) {
  const names = lanes.flat();
  const isAlone = names.length === 1;
  /** @type {Map<string, { out: PartOutput, began: number }>} */
  const running = new Map();

  const show = (heading, output) => {
    if (isAlone) return;
    say(`\n━━ ${heading}`);
    if (output.trim() !== "") say(output.trimEnd());
  };
  const runPart = async (name) => {
    const out = isAlone ? directOutput() : bufferedOutput();
    const began = performance.now();
    running.set(name, { out, began });
    let results;
    try {
      results = await parts[name]({ env, out });
    } catch (error) {
      out.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      results = [wholeResult(name, false)];
    }
    running.delete(name);
    show(`${name}: ${summary(results)} (${seconds(began)})`, out.text());
    return results;
  };
  const waiting = lanes.map((lane) => [...lane]);
  const byName = new Map();
  /** A lane that has ended takes over a part that another one has not begun. */
  const nextOf = (lane) => (lane.length > 0 ? lane : waiting.find((other) => other.length > 0))?.shift();
  const runLane = async (lane) => {
    for (let name = nextOf(lane); name !== undefined; name = nextOf(lane)) byName.set(name, await runPart(name));
  };
  const began = performance.now();
  const timer = setInterval(() => {
    const now = [...running].map(([name, part]) => `${name} (${seconds(part.began)})`).join(", ");
    say(`… ${seconds(began)}, running: ${now}`);
  }, toldEveryMs);
  if (isAlone) clearInterval(timer);
  const results = Promise.all(waiting.map(runLane))
    .then(() => names.flatMap((name) => byName.get(name)))
    .finally(() => clearInterval(timer));
  return {
    results,
    showUnfinished() {
      for (const [name, { out, began: since }] of running) show(`${name}: ended after ${seconds(since)}`, out.text());
    },
  };
}
