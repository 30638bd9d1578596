const { readFileSync } = require("node:fs");
const { word } = require("./words/two.js");

console.log(`args: ${process.argv.slice(2).join("|")}`);
console.log(`stdin: ${readFileSync(0, "utf8").trim()}`);
console.log(`file: ${word}`);
process.exit(3);
