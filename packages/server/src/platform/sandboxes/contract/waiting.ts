/** The contract's part on programs that wait for a person: their wall clock is paused, that of other programs is not. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { type Outcome, runProgram, type TestProgram } from "./harness.ts";

const WALL_MS = 2000;
/** Number of programs that run side by side. */
const AT_ONCE = 7;
const terminal = { columns: 80, rows: 24 };

type Program = Pick<TestProgram, "argv" | "files" | "terminal" | "compile">;
const python = (code: string): Program => ({ argv: ["python3", "main.py"], files: { "main.py": code } });
const node = (code: string): Program => ({ argv: ["node", "main.js"], files: { "main.js": code } });

/** Each reads a line and then prints `got` and the line. */
const WAITING: Record<string, Program> = {
  "input() of Python": python("print('got', input())"),
  "a reading thread beside one that waits": python(
    "import threading\nt = threading.Thread(target=lambda: print('got', input()))\nt.start()\nt.join()",
  ),
  "readline of Node": node(
    "require('readline').createInterface({ input: process.stdin }).once('line', (l) => { console.log('got', l); process.exit(0); })",
  ),
  "read of a shell": { argv: ["bash", "-c", "read line; echo got $line"] },
  "a child that reads": { argv: ["bash", "-c", "head -n 1 | sed 's/^/got /'"] },
  "scanf of C": {
    compile: ["gcc", "main.c", "-o", "/tmp/program"],
    argv: ["/tmp/program"],
    files: { "main.c": '#include <stdio.h>\nint main(void) { char t[9]; scanf("%8s", t); printf("got %s\\n", t); }' },
  },
  "a select without end": python(
    "import select, sys\nselect.select([sys.stdin], [], [])\nprint('got', sys.stdin.readline())",
  ),
};

/** None of these only reads its input. */
const NOT_WAITING: Record<string, Program> = {
  "a sleep": { argv: ["sleep", "100"] },
  "a sleep behind a pipe that is read": { argv: ["bash", "-c", "sleep 100 | cat"] },
  "a timer of Node": node("setTimeout(() => undefined, 100_000)"),
  "a child of Node that sleeps": node("require('child_process').spawn('sleep', ['100'], { stdio: 'ignore' })"),
  "a lock that nobody releases": python("import threading\nl = threading.Lock()\nl.acquire()\nl.acquire()"),
  "a wait for a child that sleeps": { argv: ["bash", "-c", "sleep 100 & wait"] },
  "a busy child beside a shell that reads": { argv: ["bash", "-c", "(while :; do :; done) & read x"] },
  "a busy child beside a Python that reads": python("import os\nif os.fork() == 0:\n    while True: pass\ninput()"),
  "a busy thread beside one that reads": python(
    "import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f, daemon=True).start()\ninput()",
  ),
  "a read of another pipe": python("import os\nr, w = os.pipe()\nos.read(r, 1)"),
};

const inputs = [
  { where: "a pipe", size: {} },
  { where: "a terminal", size: { terminal } },
];
const isWhole = process.env["ATELIER_TEST_WHOLE"] === "yes";

/** Declares the part. */
export const testWaiting = (context: ContractContext): void => {
  const run = async (
    program: Program,
    { typed, idleMs = 600_000, may = true }: { typed?: string; idleMs?: number; may?: boolean },
  ): Promise<{ outcome: Outcome; waited: boolean[]; begun: number; tookMs: number }> => {
    const waited: boolean[] = [];
    const isWaiting = Promise.withResolvers<void>();
    let begun = 0;
    const begin = (): boolean => {
      if (may) begun += 1;
      return may;
    };
    const startedAt = performance.now();
    const outcome = await runProgram(
      { provider: context.provider(), imageRoot: context.imageRoot },
      {
        ...program,
        limits: { wallMs: WALL_MS },
        patience: { idleMs, begin, end: () => (begun -= 1) },
        waits(waits) {
          waited.push(waits);
          isWaiting.resolve();
        },
      },
      async ({ run: running }) => {
        if (typed === undefined) return;
        await Promise.race([isWaiting.promise, running.result]);
        // Longer than the wall limit.
        await Promise.race([delay(WALL_MS + 300), running.result]);
        running.writeStdin(Buffer.from(typed));
      },
    );
    return { outcome, waited, begun, tookMs: performance.now() - startedAt };
  };

  // Each takes seconds: in `npm test` a tier's programs wait at one of the two, and others run at the other one.
  const [waitingAt, othersAt] = isWhole
    ? [inputs, inputs]
    : context.tier === "gvisor"
      ? [inputs.slice(1), inputs.slice(0, 1)]
      : [inputs.slice(0, 1), inputs.slice(1)];

  describe("programs that wait for input", () => {
    test.each(waitingAt)("[X36] are not ended while they wait at $where", async ({ size }) => {
      const rows = Object.entries(WAITING);
      for (let at = 0; at < rows.length; at += AT_ONCE) {
        await Promise.all(
          rows.slice(at, at + AT_ONCE).map(async ([name, program]) => {
            const { outcome, waited, begun } = await run({ ...program, ...size }, { typed: "hello\n" });
            expect(outcome.result.end, name).toEqual({ kind: "exited", exitCode: 0 });
            expect(outcome.stdout + outcome.terminal, name).toContain("got hello");
            expect(waited.slice(0, 2), name).toEqual([true, false]);
            expect(outcome.result.usage.wallMs, name).toBeGreaterThan(WALL_MS);
            expect(begun, name).toBe(0);
          }),
        );
      }
    });

    test.each(othersAt)("[X36] others end at their wall limit, also at $where", async ({ size }) => {
      const rows = Object.entries(NOT_WAITING);
      for (let at = 0; at < rows.length; at += AT_ONCE) {
        await Promise.all(
          rows.slice(at, at + AT_ONCE).map(async ([name, program]) => {
            const { outcome, waited } = await run({ ...program, ...size }, {});
            expect(outcome.result.end, name).toEqual({ kind: "limit", limit: "wall" });
            expect(waited, name).toEqual([]);
            expect(outcome.result.usage.wallMs, name).toBeLessThan(WALL_MS + 1500);
          }),
        );
      }
    });

    test("[X36] a run ends when nobody answers within the idle limit", async () => {
      const { outcome, tookMs } = await run(python("input()"), { idleMs: 4000 });
      expect(outcome.result.end).toEqual({ kind: "limit", limit: "wall" });
      expect(outcome.result.usage.wallMs).toBeGreaterThan(3900);
      expect(tookMs).toBeLessThan(9000);
    });

    test("[X36] one that may not be waited for ends at its wall limit", async () => {
      const { outcome, waited } = await run(python("input()"), { may: false });
      expect(outcome.result.end).toEqual({ kind: "limit", limit: "wall" });
      expect(waited).toEqual([]);
      expect(outcome.result.usage.wallMs).toBeLessThan(WALL_MS + 1500);
    });

    test("[X36] the wall clock continues when the program works again, and CPU time counts all along", async () => {
      const busy =
        "import threading\ndef f():\n    while True: pass\nthreading.Thread(target=f, daemon=True).start()\ninput()";
      const [again, beside] = await Promise.all([
        run(python("input()\nwhile True: pass"), { typed: "go\n" }),
        run(python(busy), {}),
      ]);
      for (const { outcome } of [again, beside]) expect(outcome.result.end).toEqual({ kind: "limit", limit: "wall" });
      expect(again.outcome.result.usage.wallMs).toBeGreaterThan(2 * WALL_MS);
    });
  });
};
