// Progress that a person can follow: one line a step with its time, and on a terminal the step's latest output beside it.
import process from "node:process";

const out = process.stderr;
const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

function seconds(sinceMs) {
  return `${((performance.now() - sinceMs) / 1000).toFixed(1)} s`;
}

function fit(text, width) {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/**
 * Runs one step. `work` gets `tell(line)` for progress inside the step and returns a short word for the result
 * ("cached", "installed 3 packages"). A step that throws is marked, and the error goes on to the caller.
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
  const timer = live ? setInterval(draw, 100) : undefined;
  const finish = (mark, text) => {
    clearInterval(timer);
    out.write(`${live ? "\r\u001B[2K" : ""}${mark} ${title}: ${text} (${seconds(began)})\n`);
  };
  const tell = (line) => {
    detail = line.trim();
    // Without a terminal a long step still says every few seconds that it is alive.
    if (live || performance.now() - lastTold < 3000) return;
    lastTold = performance.now();
    out.write(`  ${title}: ${fit(detail, 120)}\n`);
  };
  try {
    const result = await work(tell);
    finish("✓", result ?? "done");
  } catch (error) {
    finish("✗", "failed");
    throw error;
  }
}

/** A line of its own, for what is missing and what to do about it. */
export function notice(text) {
  out.write(`${text}\n`);
}
