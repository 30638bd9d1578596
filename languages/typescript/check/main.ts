import { readFileSync } from "node:fs";
import { word } from "./words/two.ts";

const rest: readonly string[] = process.argv.slice(2);
console.log(`args: ${rest.join("|")}`);
console.log(`stdin: ${readFileSync(0, "utf8").trim()}`);
console.log(`file: ${word}`);
process.exit(3);
