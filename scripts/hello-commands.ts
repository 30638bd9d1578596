/**
 * `hello-commands.ts <language> …`: how the server would run their hello programs, as JSON, for scripts that check an image without a
 * server. A language's hello program is `hello<extension>` in its folder, else its sample.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { z } from "zod";
import { commandLinesOf } from "../packages/server/src/modules/execution/languages/command-line.ts";
import { loadLanguages } from "../packages/server/src/modules/execution/languages/load-languages.ts";
import { checkout } from "./lib/checkout.mjs";

const folder = join(checkout, "languages");
const languages = await loadLanguages(folder);

/** One command, or several that run one after the other. */
const StepsSchema = z
  .union([z.array(z.string()).transform((argv) => [argv]), z.array(z.array(z.string()))])
  .default([]);

const hellos = process.argv.slice(2).map((id) => {
  const language = languages.find((one) => one.id === id);
  if (language === undefined) throw new Error(`${id}: no such language`);
  const names = language.extensions.map((extension) => `hello${extension}`);
  const file = readdirSync(join(folder, id)).find((name) => names.includes(name)) ?? language.sample;
  const path = join(folder, id, file);
  const input = { entryPoint: file, args: [], files: [{ path: file, bytes: readFileSync(path) }] };
  const { compile, run } = commandLinesOf(language, input);
  return { id, file, path, commands: [...StepsSchema.parse(compile), run], env: language.env };
});
console.log(JSON.stringify(hellos));
