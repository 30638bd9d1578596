// Press Run, type your name in the console, and press Enter.
const { createInterface } = require("node:readline/promises");

async function main() {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  console.log(`Hello! This is Node.js ${process.version}, running on the server.`);
  const name = (await terminal.question("What is your name? ")) || "stranger";
  terminal.close();
  const letters = [...new Set(name.toLowerCase().replaceAll(" ", ""))];
  console.log(`Welcome, ${name}!`);
  console.table(letters.map((letter) => ({ letter, times: name.toLowerCase().split(letter).length - 1 })));
}

main();
