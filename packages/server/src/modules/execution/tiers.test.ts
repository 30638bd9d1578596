/** The whole module on real sandboxes, images and PostgreSQL: the same programs in every tier that this machine has. */
import type { Actor } from "#kernel/actor";
import type { Execution, StartExecution } from "@atelier/contracts";
import { createErrorFinder } from "@atelier/contracts/error-positions";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { actorNamed, languagesFolder } from "./execution-fixture.ts";
import { tryLanguage } from "./languages/language-trial.ts";
import { errorPatternsOf, loadLanguages } from "./languages/load-languages.ts";
import { isTierThere, type OpenTier, openTier, type TestedTier } from "./tier-fixture.ts";

const MIB = 1_048_576;
const languages = await loadLanguages(languagesFolder);
const finder = createErrorFinder(errorPatternsOf(languages));
/** The others' images may not be there: language-images.test.ts. */
const inBase = languages.filter(({ image }) => image === "base");

const ada = actorNamed("ada");
const python = (content: string, more: Partial<StartExecution> = {}): StartExecution => ({
  language: "python",
  entryPoint: "main.py",
  files: [{ path: "main.py", content }],
  ...more,
});

const describeTier = (tier: TestedTier): void => {
  describe.skipIf(!isTierThere(tier))(`executions in ${tier}`, { timeout: 90_000 }, () => {
    let opened: OpenTier;
    let execution: OpenTier["execution"];
    let database: OpenTier["database"];

    beforeAll(async () => {
      opened = await openTier(tier);
      ({ execution, database } = opened);
    }, 60_000);

    afterEach(({ task }) => {
      if (task.result?.state === "fail") process.stderr.write(`${opened.complaints.join("\n")}\n`);
      opened.complaints.length = 0;
    });

    afterAll(() => opened[Symbol.asyncDispose](), 30_000);

    const run = async (request: StartExecution, actor: Actor = ada): Promise<Execution> =>
      (await opened.run(request, actor)).execution;

    it.each(inBase)(
      "[X37] $id: hello, input, arguments, two files, exit code, the lines of errors, and its sample",
      async (declaration) => {
        const folder = join(languagesFolder, declaration.id);
        const { cells, complaints } = await tryLanguage({ declaration, folder, finder, run: opened.run });
        expect(cells).toEqual(Object.fromEntries(Object.keys(cells).map((cell) => [cell, null])));
        expect(complaints).toEqual([]);
      },
    );

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

describeTier("namespaces");
describeTier("gvisor");
