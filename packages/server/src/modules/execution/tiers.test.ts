/** The whole module on real sandboxes, images and PostgreSQL: the same programs in every tier that this machine has. */
import type { Actor } from "#kernel/actor";
import { systemClock } from "#kernel/clock";
import { type Log, silentLog } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { SandboxProvider } from "#platform/sandboxes";
import { createNodes, noLinks } from "#platform/links";
import type { Execution, StartExecution } from "@atelier/contracts";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { createPrometheusMetrics } from "../../platform/metrics/adapters/prometheus-metrics.ts";
import { openTestDatabase, type TestDatabase } from "../../platform/sql/test-database.ts";
import { createBubblewrapProvider } from "../../platform/sandboxes/adapters/bubblewrap.ts";
import { createGvisorProvider } from "../../platform/sandboxes/adapters/gvisor.ts";
import { actorNamed, createTestHomes, languagesFolder } from "./execution-fixture.ts";
import { createExecution, type ExecutionModule } from "./index.ts";
import { providerParts } from "../../platform/sandboxes/contract/provider-parts.ts";

const MIB = 1_048_576;
const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const runsc = join(process.env["ATELIER_TEST_TOOLS"] ?? "", "runsc");
const hasImage = existsSync(join(imageRoot, "..", "image.json"));

/** What was wrong with sandboxes, shown when a test fails: the execution itself says no more than "system-error". */
const complaints: string[] = [];
const complain = (event: string, fields?: object): void => void complaints.push(`${event} ${inspect(fields)}`);
const log: Log = { ...silentLog, warn: complain, error: complain, with: () => log };

const ada = actorNamed("ada");
const python = (content: string, more: Partial<StartExecution> = {}): StartExecution => ({
  language: "python",
  entryPoint: "main.py",
  files: [{ path: "main.py", content }],
  ...more,
});

const openProvider = async (tier: "gvisor" | "namespaces", stateFolder: string): Promise<SandboxProvider> => {
  const common = { ...(await providerParts({ imageRoot, stateFolder })), log };
  return tier === "gvisor"
    ? createGvisorProvider({ runsc, ...common })
    : createBubblewrapProvider({ bwrap: "bwrap", ...common });
};

type Fault = { name: string; entryPoint: string; files: Record<string, string>; output: string };

/** Hello, input, arguments, a second file, a failing exit code, a fault: for each language. */
const PROGRAMS: { language: string; entryPoint: string; files: Record<string, string>; fault: string; says: RegExp }[] =
  [
    {
      language: "python",
      entryPoint: "main.py",
      files: {
        "main.py": "import sys, lib.two\nprint('hello', *sys.argv[1:], lib.two.word, input())\nsys.exit(3)",
        "lib/two.py": "word = 'second'",
      },
      fault: "def f(): return 1 / 0\nf()",
      says: /Traceback[^]*line 1, in f[^]*ZeroDivisionError/u,
    },
    {
      language: "javascript",
      entryPoint: "main.js",
      files: {
        "main.js":
          "const { word } = require('./lib/two.js');\nprocess.stdin.once('data', (d) => { console.log('hello', ...process.argv.slice(2), word, String(d).trim()); process.exit(3); });",
        "lib/two.js": "exports.word = 'second';",
      },
      fault: "null.x",
      says: /TypeError: Cannot read properties of null/u,
    },
    {
      language: "typescript",
      entryPoint: "main.ts",
      files: {
        "main.ts":
          "import { word } from './lib/two.ts';\nimport { readFileSync } from 'node:fs';\nconst rest: string[] = process.argv.slice(2);\nconsole.log('hello', ...rest, word, readFileSync(0, 'utf8').trim());\nprocess.exit(3);",
        "lib/two.ts": "export const word: string = 'second';",
      },
      fault: "const x: number = ;",
      says: /SyntaxError|ERR_INVALID_TYPESCRIPT_SYNTAX/u,
    },
    {
      language: "c",
      entryPoint: "main.c",
      files: {
        "main.c":
          '#include <stdio.h>\n#include "lib/two.h"\nint main(int argc, char **argv) { char in[9]; if (!fgets(in, 9, stdin)) return 1; in[2] = 0; printf("hello"); for (int i = 1; i < argc; i++) printf(" %s", argv[i]); printf(" %s %s\\n", word(), in); return 3; }',
        "lib/two.h": "const char *word(void);",
        "lib/two.c": 'const char *word(void) { return "second"; }',
      },
      fault: "int main(void) { return x; }",
      says: /main\.c:1:\d+: error: [^]*undeclared/u,
    },
    {
      language: "bash",
      entryPoint: "main.sh",
      files: {
        "main.sh": '. lib/two.sh\nread -r line\necho hello "$@" "$word" "$line"\nexit 3',
        "lib/two.sh": "word=second",
      },
      fault: "set -e\nnothing_of_this_name",
      says: /line 2: nothing_of_this_name: command not found/u,
    },
  ];

const describeTier = (tier: "gvisor" | "namespaces", available: boolean): void => {
  describe.skipIf(!available)(`executions in ${tier}`, { timeout: 90_000 }, () => {
    let stateFolder: string;
    let provider: SandboxProvider;
    let database: TestDatabase;
    let execution: ExecutionModule;

    beforeAll(async () => {
      stateFolder = mkdtempSync(join(tmpdir(), "atelier-tiers-"));
      provider = await openProvider(tier, stateFolder);
      database = await openTestDatabase();
      const refuse = async (): Promise<never> => {
        throw new Problem("projects/no-such-project");
      };
      execution = createExecution({
        provider,
        sql: database.sql,
        projects: { requireRole: refuse, roleOf: async () => undefined },
        files: { readAll: refuse, writeMerged: refuse, sizeOf: refuse },
        stored: { readPinned: refuse },
        homes: createTestHomes(),
        nodes: createNodes({ links: noLinks, clock: systemClock, log: silentLog }),
        rechecks: { watch: () => () => undefined },
        bus: createInProcessBus(silentLog),
        metrics: createPrometheusMetrics(),
        clock: systemClock,
        log,
        settings: { EXECUTION_CONCURRENCY: 8, EXECUTION_QUEUE: 64, EXECUTION_WARM_MAX: 4, EXECUTION_PROGRAM_MIB: 10 },
        languagesFolder,
        imagesFolder: dirname(dirname(imageRoot)),
      });
      await execution.start(new AbortController().signal);
      while (!execution.readiness().ok) await new Promise((resolve) => setTimeout(resolve, 50));
    }, 60_000);

    afterEach(({ task }) => {
      if (task.result?.state === "fail") process.stderr.write(`${complaints.join("\n")}\n`);
      complaints.length = 0;
    });

    afterAll(async () => {
      await execution[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      rmSync(stateFolder, { recursive: true, force: true });
    }, 30_000);

    const run = async (request: StartExecution, actor: Actor = ada): Promise<Execution> => {
      const live = await execution.service.submit(actor, request, { interactive: false });
      await live.ended;
      return live.snapshot({ output: true });
    };

    it.each(PROGRAMS)(
      "$language: hello with input, arguments, two files and an exit code",
      async ({ language, entryPoint, files }) => {
        const given = Object.entries(files).map(([path, content]) => ({ path, content }));
        const ended = await run({ language, entryPoint, files: given, args: ["a b", "-c", "$x"], stdin: "in\n" });
        expect(ended).toMatchObject({
          stdout: "hello a b -c $x second in\n",
          stderr: "",
          exitCode: 3,
          status: "failed",
        });
        expect(ended).toMatchObject({ sandbox: tier, stage: "run", truncated: false });
        expect(ended.usage.outputBytes).toBe(ended.stdout.length);
      },
    );

    it.each(PROGRAMS)("$language: a fault says where", async ({ language, entryPoint, fault, says }) => {
      const ended = await run({ language, entryPoint, files: [{ path: entryPoint, content: fault }] });
      expect(ended.status).toBe(language === "c" ? "compile-failed" : "failed");
      expect(ended.stderr).toMatch(says);
    });

    it("what each language's faults.json says is what it prints in a terminal, in colour where it has any", async () => {
      for (const { id } of execution.languages()) {
        const text = readFileSync(join(languagesFolder, id, "faults.json"), "utf8");
        for (const { name, entryPoint, files, output } of JSON.parse(text) as Fault[]) {
          const given = Object.entries(files).map(([path, content]) => ({ path, content }));
          const ended = await run({ language: id, entryPoint, files: given, tty: true });
          // Lines that name no source file come from the language itself, and change with its version.
          const own = (said: string): string[] =>
            said.split(/\r?\n/u).filter((line) => Object.keys(files).some((path) => line.includes(path)));
          expect(own(ended.stdout + ended.stderr), `${id}: ${name}`).toEqual(own(output));
          expect(own(output).length, `${id}: ${name}`).toBeGreaterThan(0);
        }
      }
    });

    it("every language's own sample runs, asks and ends well", async () => {
      for (const { id, sample } of execution.languages()) {
        const ended = await run({ language: id, entryPoint: sample.path, files: [sample], stdin: "7\n" });
        expect(ended, `${id}: ${ended.stderr}`).toMatchObject({ status: "succeeded", stderr: "" });
        expect(ended.stdout.length, id).toBeGreaterThan(10);
      }
    });

    it("input is read while the program runs, in a pipe and in a terminal, and stopping ends it", async () => {
      for (const tty of [false, true]) {
        const live = await execution.service.submit(ada, python("while True: print('got', input())", { tty }), {
          interactive: true,
        });
        const said = async (text: string): Promise<void> => {
          for (let i = 0; i < 400 && !live.snapshot({ output: true }).stdout.includes(text); i += 1) {
            await new Promise((resolve) => setTimeout(resolve, 10));
          }
          expect(live.snapshot({ output: true }).stdout).toContain(text);
        };
        await live.input.write(Buffer.from("one\n"));
        await said("got one");
        await live.input.write(Buffer.from("zwö\n"));
        await said("got zwö");
        expect(await execution.service.stop(ada, live.facts.id)).toMatchObject({ status: "cancelled", exitCode: null });
      }
    });

    it("a terminal is one", async () => {
      const code = "import os, sys; print(sys.stdin.isatty(), os.get_terminal_size().columns, os.environ['TERM'])";
      expect((await run(python(code, { tty: true }))).stdout).toBe("True 80 xterm-256color\r\n");
    });

    it("each limit ends the run with its own status, and the next run is unaffected", async () => {
      const cases: [StartExecution, object][] = [
        [python("import time; time.sleep(60)", { limits: { wallMs: 700 } }), { status: "timed-out" }],
        [python("while True: pass", { limits: { cpuMs: 500 } }), { status: "cpu-limit" }],
        [python("x = bytearray(600 << 20)\nfor i in range(0, len(x), 4096): x[i] = 1"), { status: "out-of-memory" }],
        [python("while True: print('x' * 4096)", { limits: { outputBytes: MIB } }), { status: "output-limit" }],
        [python("import os; os.abort()"), { status: "killed", signal: "SIGABRT" }],
      ];
      for (const [request, expected] of cases) {
        expect(await run(request)).toMatchObject({ ...expected, exitCode: null, sandbox: tier });
        expect(await run(python("print('unaffected')"))).toMatchObject({ status: "succeeded", stdout: "unaffected\n" });
      }
    });

    it("output is captured up to 1 MiB and is whole below", async () => {
      const small = await run(
        python("import sys\nfor i in range(2000): print('é' * 100)\nprint('end', file=sys.stderr)"),
      );
      expect(small).toMatchObject({ stdout: `${"é".repeat(100)}\n`.repeat(2000), stderr: "end\n", truncated: false });
      const large = await run(python("print('é' * 2_000_000)"));
      expect(large).toMatchObject({ status: "succeeded", truncated: true, stdout: "é".repeat(MIB / 2) });
    });

    it("20 at once are all answered rightly", async () => {
      const users = ["u1", "u2", "u3", "u4"].map((name) => actorNamed(name));
      const runs = Array.from({ length: 20 }, (_, i) => run(python(`print(${i} * 2)`), users[i % users.length]));
      expect((await Promise.all(runs)).map(({ stdout }) => stdout)).toEqual(
        Array.from({ length: 20 }, (_, i) => `${i * 2}\n`),
      );
    });

    it("what ended is a row with its output", async () => {
      const ended = await run(python("print('kept \\0')"));
      const read = async (): Promise<number> =>
        (
          await database.sql.transaction({ role: "user", userId: ada.userId }, (transaction) =>
            transaction.query("select id from executions where id = $1 and status = 'succeeded' and stdout = $2", [
              ended.id,
              Buffer.from("kept \0\n"),
            ]),
          )
        ).length;
      for (let i = 0; i < 100 && (await read()) === 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
      expect(await read()).toBe(1);
    });
  });
};

describeTier("namespaces", hasImage);
describeTier("gvisor", hasImage && existsSync(runsc));
