/** The contract's part on interpreters that wait: the same programs, bare and warm, must not be told apart. */
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../../ports.contract.ts";
import { type Outcome, runProgram, type TestProgram } from "./harness.ts";
import { type WarmCase, warmCases, warmUps } from "./warm-cases.ts";

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
    { language, argv, files, stdin }: WarmCase,
    extra: Partial<TestProgram> = {},
  ): Promise<{ bare: unknown; warm: unknown }> => {
    const program: TestProgram = { argv, files, stdin: stdin ?? "", ...extra };
    const bare = await run(program);
    const warm = await run({ ...program, warmUp: warmUps[language] });
    return { bare: comparable(bare), warm: comparable(warm) };
  };
  const inTerminal = warmCases.filter(({ terminal }) => terminal === true);

  describe("waiting interpreters", () => {
    test.each(warmCases)("$language: $name", async (row) => {
      const { bare, warm } = await bareAndWarm(row);
      expect(warm).toEqual(bare);
    });

    test.each(inTerminal)("$language in a terminal: $name", async (row) => {
      const { bare, warm } = await bareAndWarm(row, { terminal: { columns: 80, rows: 24 } });
      expect(warm).toEqual(bare);
    });

    test.each(Object.entries(warmUps))(
      "%s: a job that does not fit the waiting interpreter starts cold",
      async (_, warmUp) => {
        const outcome = await run({ argv: ["sh", "-c", "echo cold; ls /proc | grep -c '^[0-9]'"], warmUp });
        expect(outcome.stdout.startsWith("cold\n")).toBe(true);
        expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
      },
    );

    test("a waiting interpreter is really used", async () => {
      const files = { "main.py": "import sys; print('zoneinfo' in sys.modules)" };
      const bare = await run({ argv: ["python3", "main.py"], files });
      const warm = await run({ argv: ["python3", "main.py"], files, warmUp: warmUps.python });
      expect([bare.stdout, warm.stdout]).toEqual(["False\n", "True\n"]);
    });

    test("limits hold for a waiting interpreter", async () => {
      const files = {
        "main.py":
          "import resource as r; print(*[r.getrlimit(x)[0] for x in (r.RLIMIT_NPROC, r.RLIMIT_FSIZE, r.RLIMIT_CORE, r.RLIMIT_CPU)])",
      };
      const bare = await run({ argv: ["python3", "main.py"], files });
      const warm = await run({ argv: ["python3", "main.py"], files, warmUp: warmUps.python });
      expect(warm.stdout).toBe(bare.stdout);
      expect(warm.stdout).not.toContain("-1");
    });
  });
};
