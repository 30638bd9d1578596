import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createErrorFinder, type ErrorFinder } from "@atelier/contracts/error-positions";
import { beforeAll, describe, expect, it } from "vitest";
import { createManualClock } from "#kernel/clock";
import { languagesFolder } from "./execution-fixture.ts";
import type { Ending } from "./execution-state.ts";
import { loadLanguages } from "./languages/load-languages.ts";
import { createRunErrorSearch } from "./run-errors.ts";

type Fault = {
  readonly entryPoint: string;
  readonly files: Readonly<Record<string, string>>;
  readonly output: string;
  readonly link: { readonly path: string; readonly line: number };
};

let finder: ErrorFinder;
const faults: (Fault & { readonly language: string })[] = [];
beforeAll(async () => {
  const languages = await loadLanguages(languagesFolder);
  finder = createErrorFinder(
    Object.fromEntries(
      languages.map(({ id, errors, extensions, editor }) => [
        id,
        { ...errors, extensions: [...extensions, ...editor.moreExtensions] },
      ]),
    ),
  );
  for (const { id } of languages) {
    const file = join(languagesFolder, id, "faults.json");
    if (!existsSync(file)) continue;
    for (const fault of JSON.parse(readFileSync(file, "utf8")) as Fault[]) faults.push({ ...fault, language: id });
  }
});

type Run = {
  readonly output: string;
  readonly paths: readonly string[];
  readonly language?: string;
  readonly entryPoint?: string;
  readonly ending?: Ending;
};

const searchOf = (clock: { monotonic(): number } = createManualClock()) => {
  const search = createRunErrorSearch({ finder: () => finder, clock });
  return ({ output, paths, language = "python", entryPoint = "main.py", ending }: Run) =>
    search(
      { facts: { language, entryPoint }, lastOutput: (bytes) => output.slice(-bytes) },
      { ending: ending ?? { status: "failed", exitCode: 1 }, paths },
    );
};

describe("[X86] the errors of a run", () => {
  it("of every fault of every language begin with its position, and have a message", () => {
    const search = searchOf();
    expect(faults.length).toBeGreaterThan(50);
    for (const { language, entryPoint, files, output, link } of faults) {
      const [first] = search({ language, entryPoint, output, paths: Object.keys(files) });
      expect(first, `${language} ${entryPoint}`).toMatchObject(link);
      expect(first?.message.length, `${language} ${entryPoint}`).toBeGreaterThan(2);
      // oxlint-disable-next-line no-control-regex -- no escape sequence of a terminal is left
      expect(first?.message).not.toMatch(/[\u0000-\u001f]/u);
    }
  });

  it.each([
    ["python", "lib/tools.py", "ZeroDivisionError: division by zero"],
    ["c", "main.c", "error: too few arguments to function ‘add’"],
    ["rust", "twice.rs", "error[E0277]: cannot add `&str` to `i32`"],
    ["rust", "main.rs", "thread 'main' panicked at main.rs:2:5: index out of bounds: the len is 1 but the index is 3"],
    ["go", "main.go", "panic: runtime error: index out of range [3] with length 0"],
    ["java", "tools/Divide.java", 'Exception in thread "main" java.lang.ArithmeticException: / by zero'],
    ["ruby", "tools.rb", "divided by 0 (ZeroDivisionError)"],
    ["javascript", "lib/tools.js", "TypeError: Cannot read properties of null (reading 'name')"],
    ["haskell", "Twice.hs", "error: [GHC-83865] • Couldn't match type ‘[Char]’ with ‘Int’"],
    ["ocaml", "main.ml", 'Fatal error: exception Failure("nth")'],
    ["tcl", "tools.tcl", "divide by zero"],
    ["bash", "main.sh", "main.sh: line 4: `}'"],
  ])("of %s in %s say what is wrong", (language, path, message) => {
    const search = searchOf();
    const told = faults
      .filter((fault) => fault.language === language && fault.link.path === path)
      .flatMap(
        ({ entryPoint, files, output }) => search({ language, entryPoint, output, paths: Object.keys(files) })[0] ?? [],
      );
    expect(told.map((error) => error.message)).toContain(message);
  });

  it("of a compiler are all of its errors, each once, and no more than 50", () => {
    const line = (number: number): string => `main.c:${number}:3: error: no ${number}\n`;
    const search = searchOf();
    const run = { language: "c", entryPoint: "main.c", paths: ["main.c"] };
    const two = search({ ...run, output: `${line(1)}main.c:2:1: warning: w\n${line(9)}${line(1)}` });
    expect(two.map(({ line: number, column, message }) => [number, column, message])).toEqual([
      [1, 3, "error: no 1"],
      [9, 3, "error: no 9"],
    ]);
    expect(search({ ...run, output: Array.from({ length: 80 }, (_, index) => line(index + 1)).join("") })).toHaveLength(
      50,
    );
  });

  it.each<Ending>([
    { status: "succeeded" },
    { status: "cancelled" },
    { status: "timed-out" },
    { status: "system-error" },
  ])("of one that ended as $status are none", (ending) => {
    const output = 'File "main.py", line 3\nValueError: x\n';
    expect(searchOf()({ output, paths: ["main.py"], ending })).toEqual([]);
    expect(searchOf()({ output, paths: ["main.py"] })).toHaveLength(1);
  });

  it("in a large project are found by the names in the output", () => {
    const paths = Array.from({ length: 20_000 }, (_, index) => `package${index % 7}/module${index}.py`);
    const output = 'File "/project/package3/module17.py", line 3, in <module>\nValueError: x\n';
    expect(searchOf()({ output, paths })).toEqual([
      { path: "package3/module17.py", line: 3, message: "ValueError: x" },
    ]);
  });

  it("are looked for until the time is over, so that hostile output costs no more", () => {
    const clockOf = (stepMs: number) => {
      let nowMs = 0;
      return { monotonic: () => (nowMs += stepMs) };
    };
    const output = (linesAfter: number): string => `main.py:1: error: x\n${"words\n".repeat(linesAfter)}`;
    // Each line takes 3 ms of the 10.
    expect(searchOf(clockOf(3))({ output: output(1), paths: ["main.py"] })).toHaveLength(1);
    expect(searchOf(clockOf(3))({ output: output(20), paths: ["main.py"] })).toEqual([]);
    expect(searchOf()({ output: output(20), paths: ["main.py"] })).toHaveLength(1);
    expect(searchOf()({ output: output(1000), paths: ["main.py"] })).toEqual([]);
  });
});
