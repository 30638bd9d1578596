// Shows progress: one line per step with its time. On a terminal, steps that run in parallel each have a line that is updated.
import process from "node:process";
import { asSetupFault } from "./fault.mjs";

const out = process.stderr;
// Ignores errors of a closed terminal, so that the current work is still ended in order.
out.on("error", () => undefined);
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** Without updated lines: how often a step may print a line, and how long it may be silent. */
const toldEveryMs = 3000;
const silentForMs = 10_000;
const drawnEveryMs = 100;

function fit(text, width) {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** @typedef {{ title: string, began: number, detail: string, toldAt: number }} RunningStep */
/** @type {Set<RunningStep>} */
const running = new Set();
let isLive = out.isTTY === true;
let drawnLines = 0;
let frame = 0;
let timer;

/** Removes the lines that are updated. */
function erasure() {
  if (drawnLines === 0) return "";
  const up = drawnLines > 1 ? `\u001B[${drawnLines - 1}A` : "";
  drawnLines = 0;
  return `\r${up}\u001B[J`;
}

function draw() {
  const erased = erasure();
  const width = (out.columns || 80) - 1;
  const lines = [...running].map(({ title, began, detail }) =>
    fit(`${frames[frame]} ${title} ${seconds(began)}  ${detail}`, width),
  );
  drawnLines = lines.length;
  out.write(`${erased}${lines.join("\n")}`);
}

function sayStill() {
  for (const one of running) {
    if (performance.now() - one.toldAt < silentForMs) continue;
    one.toldAt = performance.now();
    out.write(`  ${one.title}: ${seconds(one.began)} so far${one.detail === "" ? "" : `, ${fit(one.detail, 100)}`}\n`);
  }
}

function tick() {
  frame = (frame + 1) % frames.length;
  if (isLive) draw();
  else sayStill();
}

/** Writes permanent lines above those that are updated. */
function writeAbove(text) {
  out.write(`${erasure()}${text}`);
  if (isLive && running.size > 0) draw();
}

/** Stops updating lines, because something else writes to the terminal from now on. */
export function stopDrawing() {
  out.write(erasure());
  isLive = false;
}

/**
 * Runs one step; several may run at once. `work` gets `tell(line)` for progress inside the step and returns a short word for the result
 * ("cached", "installed 3 packages"), or `{ butOnly }` with one when the step succeeded only in part. A step that throws is marked, and the
 * error is thrown to the caller, as a readable fault when a disk or its permissions are the cause.
 * @template T
 * @param {string} title
 * @param {(tell: (line: string) => void) => Promise<T>} work
 */
export async function step(title, work) {
  const began = performance.now();
  const self = { title, began, detail: "", toldAt: began };
  running.add(self);
  timer ??= setInterval(tick, drawnEveryMs);
  const finish = (mark, text) => {
    running.delete(self);
    if (running.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    writeAbove(`${mark} ${title}: ${text} (${seconds(began)})\n`);
  };
  const tell = (line) => {
    self.detail = line.trim();
    if (isLive || performance.now() - self.toldAt < toldEveryMs) return;
    self.toldAt = performance.now();
    out.write(`  ${title}: ${fit(self.detail, 120)}\n`);
  };
  try {
    const result = await work(tell);
    if (typeof result === "object") finish("!", result.butOnly);
    else finish("✓", result ?? "done");
  } catch (error) {
    finish("✗", "failed");
    throw asSetupFault(error);
  }
}

/** A line of its own, for what is missing and what to do about it. */
export function notice(text) {
  writeAbove(`${text}\n`);
}
