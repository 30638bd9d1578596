// Progress that a person can follow: one line a step with its time, and on a terminal the step's latest output beside it.
import process from "node:process";
import { asSetupFault } from "./fault.mjs";

const out = process.stderr;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

/** Without a terminal: how often a step may say what it does, and how long it may be silent. */
const toldEveryMs = 3000;
const silentForMs = 10_000;

function fit(text, width) {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/**
 * Runs one step. `work` gets `tell(line)` for progress inside the step and returns a short word for the result
 * ("cached", "installed 3 packages"), or `{ butOnly }` with one when it went on with less than there could be. A step
 * that throws is marked, and the error goes on to the caller, as a fault in words where a disk or its rights are at fault.
 */
export async function step(title, work) {
  const began = performance.now();
  const live = out.isTTY === true;
  let detail = "";
  let lastTold = began;
  let frame = 0;
  const draw = () => {
    frame = (frame + 1) % frames.length;
    out.write(`\r\u001B[2K${fit(`${frames[frame]} ${title} ${seconds(began)}  ${detail}`, (out.columns || 80) - 1)}`);
  };
  const sayStill = () => {
    if (performance.now() - lastTold < silentForMs) return;
    lastTold = performance.now();
    out.write(`  ${title}: ${seconds(began)} so far${detail === "" ? "" : `, ${fit(detail, 100)}`}\n`);
  };
  const timer = live ? setInterval(draw, 100) : setInterval(sayStill, 1000);
  const finish = (mark, text) => {
    clearInterval(timer);
    out.write(`${live ? "\r\u001B[2K" : ""}${mark} ${title}: ${text} (${seconds(began)})\n`);
  };
  const tell = (line) => {
    detail = line.trim();
    if (live || performance.now() - lastTold < toldEveryMs) return;
    lastTold = performance.now();
    out.write(`  ${title}: ${fit(detail, 120)}\n`);
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
  out.write(`${text}\n`);
}
