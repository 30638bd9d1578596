// Press Run, type your name in the console, and press Enter.
const { createInterface } = require("node:readline/promises");

const rainbow = (text) =>
  [...text].map((letter, i) => `\x1b[38;5;${[203, 215, 227, 120, 117, 147][i % 6]}m${letter}`).join("") + "\x1b[0m";

async function main() {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  console.log(`Hello! This is Node.js ${process.version}, running on the server.`);
  const name = (await terminal.question("What is your name? ")) || "stranger";
  terminal.close();
  console.log(rainbow(`Welcome, ${name}!`));
}

main();
