/** Every declared language shows where a program failed; the samples in its folder are real output of its tools. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { errorPosition } from "./output-links.ts";
import { plainText } from "./plain-output.ts";

type Fault = {
  readonly name: string;
  readonly entryPoint: string;
  readonly files: Readonly<Record<string, string>>;
  /** Output as a terminal gets it; a test in packages/server compares it with the real output. */
  readonly output: string;
  readonly link: { readonly path: string; readonly line: number };
};

const folder = join(import.meta.dirname, "../../../../../languages");
const languages = readdirSync(folder).filter((id) => existsSync(join(folder, id, "language.json")));
const faultsOf = (id: string): Fault[] => {
  const file = join(folder, id, "faults.json");
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Fault[]) : [];
};

describe("positions of errors", () => {
  it.each(languages)("%s has faults to look at, of more than one kind", (id) => {
    expect(faultsOf(id).length).toBeGreaterThanOrEqual(2);
  });

  const rows = languages.flatMap((id) => faultsOf(id).map((fault) => ({ id, ...fault })));
  it.each(rows)("$id: $name", ({ id, entryPoint, files, output, link }) => {
    expect(errorPosition(plainText(output), Object.keys(files), { language: id, entryPoint })).toMatchObject(link);
  });
});
