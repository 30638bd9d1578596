// `node hello-commands.ts <language> <file>`: prints the commands for that hello program, as JSON. The declarations' format is TypeScript.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DeclarationSchema } from "../../../packages/contracts/src/language-declaration.ts";
import { commandLinesOf } from "../../../packages/server/src/modules/execution/languages/command-line.ts";

const [id = "", entryPoint = ""] = process.argv.slice(2);
const folder = join(import.meta.dirname, "../../../languages", id);
const declaration = DeclarationSchema.parse(JSON.parse(readFileSync(join(folder, "language.json"), "utf8")));
const files = [{ path: entryPoint, bytes: readFileSync(join(folder, entryPoint)) }];
const { compile = [], run } = commandLinesOf(declaration, { entryPoint, args: [], files });
process.stdout.write(JSON.stringify([...compile, run]));
