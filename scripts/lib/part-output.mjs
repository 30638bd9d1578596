// Where a part of the tests writes: straight to the terminal when it runs alone, else held back until it ends.
import process from "node:process";

/**
 * @typedef {object} PartOutput
 * @property {"inherit" | "pipe"} stdio how a child process is started
 * @property {NodeJS.ProcessEnv} env what a child is told about colours
 * @property {(text: string) => void} write
 * @property {() => string} held what was written and not shown yet
 */

/** @returns {PartOutput} */
export function directOutput() {
  return { stdio: "inherit", env: {}, write: (text) => void process.stdout.write(text), held: () => "" };
}

/** @returns {PartOutput} */
export function heldOutput() {
  let text = "";
  return {
    stdio: "pipe",
    // A pipe has no colours of its own; what is printed at the end goes to the same terminal.
    env: process.stdout.isTTY ? { FORCE_COLOR: "1" } : {},
    write: (more) => void (text += more),
    held: () => text,
  };
}
