// Where a part of the tests writes its output: directly to the terminal when it runs alone, otherwise buffered until it ends.
import process from "node:process";

/**
 * @typedef {object} PartOutput
 * @property {"inherit" | "pipe"} stdio how a child process is started
 * @property {NodeJS.ProcessEnv} env the variables that tell a child whether to use colours
 * @property {(text: string) => void} write
 * @property {() => string} text the output that is buffered
 */

/** @returns {PartOutput} */
export function directOutput() {
  return { stdio: "inherit", env: {}, write: (text) => void process.stdout.write(text), text: () => "" };
}

/** @returns {PartOutput} */
export function bufferedOutput() {
  let text = "";
  return {
    stdio: "pipe",
    // Programs use no colours in a pipe by default, but the buffered output is printed to the same terminal.
    env: process.stdout.isTTY ? { FORCE_COLOR: "1" } : {},
    write: (more) => void (text += more),
    text: () => text,
  };
}
