/** The contract's part on opening by path: the streams and the terminal below /dev, and sources with awkward names. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { commandLinesOf } from "../../../modules/execution/languages/command-line.ts";
import { loadLanguages } from "../../../modules/execution/languages/load-languages.ts";
import type { ContractContext } from "../ports.contract.ts";
import { type Outcome, runProgram, type TestProgram } from "./harness.ts";
import { commandOf, warmUps } from "./warm-cases.ts";

const languagesFolder = join(import.meta.dirname, "../../../../../../languages");

/** Each program reads its input and writes to both streams through /dev; all print the same. */
const streamPrograms: Readonly<Record<string, TestProgram>> = {
  Python: {
    argv: ["python3", "main.py"],
    files: {
      "main.py": `
text = open("/dev/stdin").read().strip()
open("/dev/stdout", "w").write(f"out {text}\\n")
open("/dev/stderr", "w").write("err\\n")
open("/dev/fd/1", "w").write("fd\\n")`,
    },
  },
  Node: {
    argv: ["node", "main.js"],
    files: {
      "main.js": `
const { readFileSync, writeFileSync } = require("node:fs");
const text = readFileSync("/dev/stdin", "utf8").trim();
writeFileSync("/dev/stdout", "out " + text + "\\n");
writeFileSync("/dev/stderr", "err\\n");
writeFileSync("/dev/fd/1", "fd\\n");`,
    },
  },
  Bash: {
    argv: ["bash", "main.sh"],
    files: {
      "main.sh": "read -r text </dev/stdin\necho out $text >/dev/stdout\necho err >/dev/stderr\necho fd >/dev/fd/1",
    },
  },
  "a shell's other programs": {
    argv: ["sh", "main.sh"],
    files: {
      "main.sh":
        "text=$(cat /dev/fd/0)\necho out $text | cat >/dev/stdout\nsh -c 'echo err >/dev/stderr; echo fd >/dev/fd/1'",
    },
  },
  C: {
    compile: ["gcc", "-o", "/tmp/main", "main.c"],
    argv: ["/tmp/main"],
    files: {
      "main.c": `
#include <stdio.h>
int main(void) {
  char text[16] = "";
  FILE *in = fopen("/dev/stdin", "r"), *out = fopen("/dev/stdout", "w"), *err = fopen("/dev/stderr", "w");
  if (!in || !out || !err || fscanf(in, "%15s", text) != 1) return 1;
  fprintf(out, "out %s\\n", text);
  fclose(out);
  fprintf(err, "err\\n");
  if ((out = fopen("/dev/fd/1", "w")) == NULL) return 2;
  fprintf(out, "fd\\n");
  return 0;
}`,
    },
  },
};

/** Prints the result of opening /dev/tty, and writes a word there when it opens. */
const terminalProgram = `
import errno
try:
    with open("/dev/tty", "w") as tty: tty.write("hello terminal\\n")
except OSError as error: print(errno.errorcode[error.errno])`;

/** Whole file names without extension that some tool reads as something else than a path. */
const awkwardNames = ["-c", "@x", "+x", "%d", "a=b", "data:x", "~", "#x", "a b", "$x;y", "ü"];

const sources: Readonly<Record<string, string>> = {
  python: "print('ran')",
  javascript: "console.log('ran')",
  bash: "echo ran",
  c: '#include <stdio.h>\nint main(void) { puts("ran"); return 0; }',
};

/**
 * Writes each source, runs its commands one after the other, and prints the output of each as a line of JSON. The file `x` exists, so that
 * `@x` could be read as a file of options.
 */
const runEach = `
import json, os, subprocess
for name, text, commands in json.load(open("cases.json")):
    with open(name, "w") as file: file.write(text)
    if name[0] == "@":
        with open(name[1:], "w") as file: file.write("--options --from --a --file")
    said = ""
    for argv in commands:
        done = subprocess.run(argv, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        said = done.stdout.strip() if done.returncode == 0 else done.stderr.strip()[-200:] or "failed"
        if done.returncode != 0: break
    os.unlink(name)
    print(json.dumps([name, said]), flush=True)`;

/** Declares the part. */
export const testOpenedByPath = (context: ContractContext): void => {
  const run = (program: TestProgram): Promise<Outcome> =>
    runProgram({ provider: context.provider(), imageRoot: context.imageRoot }, program);

  describe("opened by path", () => {
    test.each(Object.entries(streamPrograms))(
      "[X50] the streams below /dev are the program's in %s",
      async (_, program) => {
        const outcome = await run({ ...program, stdin: "word\n" });
        expect({ ...outcome.result.end, stdout: outcome.stdout, stderr: outcome.stderr }).toEqual({
          kind: "exited",
          exitCode: 0,
          stdout: "out word\nfd\n",
          stderr: "err\n",
        });
      },
    );

    test.each(["python", "javascript"] as const)("[X50] and in a %s interpreter that waited", async (language) => {
      const file = language === "python" ? "main.py" : "main.js";
      const { files } = streamPrograms[language === "python" ? "Python" : "Node"] ?? {};
      const warmUp = warmUps[language];
      const outcome = await run({ argv: commandOf(language, file), files: files ?? {}, warmUp, stdin: "word\n" });
      expect([outcome.stdout, outcome.stderr]).toEqual(["out word\nfd\n", "err\n"]);
    });

    test("[X50] /dev/tty is the terminal, and ENXIO where there is none", async () => {
      const program = { argv: ["python3", "main.py"], files: { "main.py": terminalProgram } };
      const [without, within] = [await run(program), await run({ ...program, terminal: { columns: 80, rows: 24 } })];
      expect(without.stdout).toBe("ENXIO\n");
      expect(within.terminal).toBe("hello terminal\r\n");
    });

    test("[X22] a source with an awkward name is run, and never read as an option", async () => {
      const languages = (await loadLanguages(languagesFolder)).filter(({ id }) => sources[id] !== undefined);
      const cases = languages.flatMap((language) => {
        const extension = language.extensions[0] ?? "";
        return awkwardNames.map((name) => {
          const entryPoint = `${name}${extension}`;
          const { compile, run: argv } = commandLinesOf(language, { entryPoint, args: [], files: [] });
          return [entryPoint, sources[language.id] ?? "", [...(compile ?? []), argv]];
        });
      });
      // The control: the result without the rule.
      const planted = ["@x.c", sources["c"], [["gcc", "-o", "/tmp/program", "@x.c"], ["/tmp/program"]]];
      const outcome = await run({
        argv: ["python3", "main.py"],
        files: { "main.py": runEach, "cases.json": JSON.stringify([...cases, planted]) },
        limits: { wallMs: 50_000, cpuMs: 50_000 },
      });
      const said = outcome.stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as [string, string]);
      expect(said.slice(0, -1)).toEqual(cases.map(([name]) => [name, "ran"]));
      expect(said.at(-1)?.[1], outcome.stderr).toMatch(/error|failed/u);
    });
  });
};
