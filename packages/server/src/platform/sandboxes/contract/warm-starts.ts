/** The contract's part on interpreters that wait: the same programs, bare and warm, must not be told apart. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { bootToRun, jobOf, type Outcome, runProgram, testBlueprint, type TestProgram } from "./harness.ts";
import { typescriptCases } from "./typescript-cases.ts";
import { commandOf, type WarmCase, warmCases, warmUps } from "./warm-cases.ts";

/** An optional package that `npm ci` installs; without it Node only strips types. */
const hasCompiler = existsSync(
  join(import.meta.dirname, "../../../../../../node_modules", `@oxc-transform/binding-linux-${process.arch}-gnu`),
);

const comparable = (outcome: Outcome): unknown => ({
  end: outcome.result.end,
  stdout: outcome.stdout,
  stderr: outcome.stderr,
  terminal: outcome.terminal,
});

/** Declares the part. */
export const testWarmStarts = (context: ContractContext): void => {
  const run = (program: TestProgram): Promise<Outcome> =>
    runProgram({ provider: context.provider(), imageRoot: context.imageRoot }, program);
  const bareAndWarm = async (
    { language, entryPoint, args, files, stdin }: WarmCase,
    extra: Partial<TestProgram> = {},
  ): Promise<{ bare: unknown; warm: unknown }> => {
    const argv = commandOf(language, entryPoint, args);
    const program: TestProgram = { argv, files, stdin: stdin ?? "", ...extra };
    const bare = await run(program);
    const warm = await run({ ...program, warmUp: warmUps[language] });
    return { bare: comparable(bare), warm: comparable(warm) };
  };
  // `npm test` leaves out combinations: a program in which the kernel has a part runs in each tier, at a pipe in one and in a terminal in
  // the other; one that shows the language alone runs at both with namespaces, where a sandbox costs a fifth.
  const isWhole = process.env["ATELIER_TEST_WHOLE"] === "yes";
  const isGvisor = context.tier === "gvisor";
  const isHere = ({ kernel }: { readonly kernel?: true }): boolean => isWhole || kernel === true || !isGvisor;
  const isAt = (stdio: "pipe" | "terminal", { terminal, kernel }: WarmCase, index: number): boolean => {
    if (terminal !== true) return stdio === "pipe";
    return isWhole || kernel !== true || (index % 2 === 0) === (isGvisor === (stdio === "terminal"));
  };
  const casesAt = (stdio: "pipe" | "terminal"): readonly WarmCase[] =>
    warmCases.filter((row, index) => isHere(row) && isAt(stdio, row, index));

  describe("waiting interpreters", () => {
    test.each(casesAt("pipe"))("$language: $name", async (row) => {
      const { bare, warm } = await bareAndWarm(row);
      expect(warm).toEqual(bare);
    });

    test.each(casesAt("terminal"))("$language in a terminal: $name", async (row) => {
      const { bare, warm } = await bareAndWarm(row, { terminal: { columns: 80, rows: 24 } });
      expect(warm).toEqual(bare);
    });

    const compiled = test.skipIf(!hasCompiler).each(typescriptCases.filter(isHere));
    compiled("[X32] TypeScript: $name", async ({ files, stdout, stderr }) => {
      const argv = commandOf("typescript", Object.keys(files)[0] ?? "");
      const warm = await run({ argv, files, stdin: "", warmUp: warmUps.typescript });
      expect(warm.stdout, warm.stderr).toBe(stdout);
      let at = 0;
      for (const part of stderr ?? []) {
        expect(warm.stderr.slice(at)).toContain(part);
        at = warm.stderr.indexOf(part, at) + part.length;
      }
      expect(warm.stderr === "").toBe(stderr === undefined);
      expect(warm.result.end).toEqual({ kind: "exited", exitCode: stderr === undefined ? 0 : 1 });
      expect(comparable(await run({ argv, files, stdin: "" }))).toEqual(comparable(warm));
    });

    test.each(["javascript", "typescript"] as const)(
      "[X34] %s: what was written before process.exit is whole, on both streams",
      async (language) => {
        const code =
          "process.stdout.write('x'.repeat(300_000)); console.error('y'.repeat(300_000)); console.log('end'); process.exit(3)";
        const entryPoint = language === "javascript" ? "main.js" : "main.ts";
        const outcome = await run({
          argv: commandOf(language, entryPoint),
          files: { [entryPoint]: code },
          stdin: "",
          warmUp: warmUps[language],
        });
        expect([outcome.stdout.length, outcome.stdout.slice(-4), outcome.stderr.length]).toEqual([
          300_004,
          "end\n",
          300_001,
        ]);
        expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 3 });
      },
    );

    test.each(Object.entries(warmUps))(
      "%s: a job that does not fit the waiting interpreter starts cold",
      async (_, warmUp) => {
        const outcome = await run({ argv: ["sh", "-c", "echo cold; ls /proc | grep -c '^[0-9]'"], warmUp });
        expect(outcome.stdout.startsWith("cold\n")).toBe(true);
        expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
      },
    );

    test("a waiting interpreter is really used", async () => {
      const files = { "main.py": "import sys; print('json' in sys.modules)" };
      const bare = await run({ argv: commandOf("python", "main.py"), files });
      const warm = await run({ argv: commandOf("python", "main.py"), files, warmUp: warmUps.python });
      expect([bare.stdout, warm.stdout]).toEqual(["False\n", "True\n"]);
    });

    test("[I24] what has to differ between sandboxes differs, also where one began as a copy of another", async () => {
      const code = [
        "import random, uuid, secrets, tempfile, ssl, os, ctypes",
        "libc = ctypes.CDLL(None); libc.getauxval.restype, libc.getauxval.argtypes = ctypes.c_void_p, [ctypes.c_ulong]",
        "print(ctypes.string_at(libc.getauxval(25), 16).hex(), open('/proc/sys/kernel/random/boot_id').read())",
        "print(random.random(), random.SystemRandom().random(), random.Random().random(), uuid.uuid4(), secrets.token_hex())",
        "print(os.path.basename(tempfile.mktemp()), ssl.RAND_bytes(8).hex(), os.urandom(8).hex(), hash('seed'))",
      ].join("\n");
      const lines: string[][] = [];
      for (let boots = 0; boots < 4; boots++) {
        const outcome = await run({
          argv: commandOf("python", "main.py"),
          files: { "main.py": code },
          warmUp: warmUps.python,
        });
        expect(outcome.stderr).toBe("");
        lines.push(outcome.stdout.trim().split(/\s+/u));
      }
      const kinds = (index: number): number => new Set(lines.map((values) => values[index])).size;
      expect(lines.map((values) => values.length)).toEqual([11, 11, 11, 11]);
      for (let index = 0; index < 10; index++) expect(kinds(index), `value ${index}`).toBe(4);
      // The seed of hashes is what copies do have in common; where it differs, none of these was a copy.
      const copied = context.tier === "gvisor" && process.geteuid?.() === 0;
      expect(kinds(10) < 4).toBe(copied);
    });

    test("[I24] a run that asks for a hash seed of its own has one", async () => {
      const files = { "main.py": "print(hash('seed'))" };
      const program = { argv: commandOf("python", "main.py"), files, warmUp: warmUps.python };
      const said = new Set<string>();
      for (let runs = 0; runs < 3; runs++) {
        said.add((await run({ ...program, env: { PYTHONHASHSEED: "random" } })).stdout);
      }
      expect(said.size).toBe(3);
    });

    test("[I24] the clock is right after a rest", async () => {
      const sandbox = await bootToRun(context.provider(), testBlueprint(context.imageRoot, warmUps.python));
      await new Promise((resolve) => setTimeout(resolve, 2500));
      let said = "";
      const program = {
        argv: commandOf("python", "main.py"),
        files: {
          "main.py":
            "import time\na, m = time.time(), time.monotonic()\ntime.sleep(0.5)\nprint(a, time.time() - a, time.monotonic() - m)",
        },
      };
      const before = Date.now() / 1000;
      const running = sandbox.run(jobOf(program), {
        stage: () => undefined,
        output: (_, chunk) => (said += Buffer.from(chunk).toString("utf8")),
      });
      running.endStdin();
      await running.result;
      const [now = 0, slept = 0, sleptToo = 0] = said.trim().split(" ").map(Number);
      expect(now).toBeGreaterThan(before - 0.1);
      expect(now).toBeLessThan(Date.now() / 1000);
      expect(slept).toBeGreaterThanOrEqual(0.49);
      expect(sleptToo).toBeGreaterThanOrEqual(0.49);
      expect(Math.abs(slept - sleptToo)).toBeLessThan(0.05);
    });

    test("limits hold for a waiting interpreter", async () => {
      const files = {
        "main.py":
          "import resource as r; print(*[r.getrlimit(x)[0] for x in (r.RLIMIT_NPROC, r.RLIMIT_FSIZE, r.RLIMIT_CORE, r.RLIMIT_CPU)])",
      };
      const bare = await run({ argv: commandOf("python", "main.py"), files });
      const warm = await run({ argv: commandOf("python", "main.py"), files, warmUp: warmUps.python });
      expect(warm.stdout).toBe(bare.stdout);
      const limits = warm.stdout.trim().split(" ");
      expect(limits).toHaveLength(4);
      // gVisor reports too much CPU time for a process: the host limits that of the whole sandbox.
      expect(limits.indexOf("-1")).toBe(context.tier === "gvisor" ? 3 : -1);
    });
  });
};
