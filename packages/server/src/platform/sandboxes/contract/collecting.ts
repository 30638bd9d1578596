/** The contract's part on what a run delivers at its end: its last output at a limit, and the files that it left in the project folder. */
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import type { SandboxCollect, SandboxCollected } from "../../../modules/execution/run/ports.ts";
import { type Outcome, runProgram, type TestProgram } from "./harness.ts";

const MIB = 1_048_576;
const everything: SandboxCollect = { wants: () => true, maxFiles: 100, maxBytes: 20 * MIB };

const told = (collected: readonly SandboxCollected[] | undefined): Record<string, string> =>
  Object.fromEntries(
    (collected ?? []).map((each) => [
      each.path,
      "skipped" in each ? `(${each.skipped})` : Buffer.from(each.bytes).toString("latin1"),
    ]),
  );

/** Declares the part. */
export const testCollecting = (context: ContractContext): void => {
  const run = (program: TestProgram, during?: Parameters<typeof runProgram>[2]): Promise<Outcome> =>
    runProgram({ provider: context.provider(), imageRoot: context.imageRoot }, program, during);
  const python = (code: string, more: Partial<TestProgram> = {}): TestProgram => ({
    argv: ["python3", "main.py"],
    collect: everything,
    stdin: "",
    ...more,
    files: { "main.py": code, ...more.files },
  });

  describe("output and files at the end of a run", () => {
    test("[X33] new and changed files, text and binary, and nothing that is as it was", async () => {
      const { result, stderr } = await run(
        python(
          [
            "import os",
            "open('new.txt', 'w').write('new')",
            "open('changed.txt', 'a').write(' more')",
            "os.makedirs('deep/er'); open('deep/er/b.bin', 'wb').write(bytes([0, 255, 10]))",
            "open('empty', 'w')",
            "open('replaced.txt.tmp', 'w').write('other'); os.rename('replaced.txt.tmp', 'replaced.txt')",
            "open('same.txt', 'w').write('same'); os.utime('touched.txt', (1, 1)); os.chmod('touched.txt', 0o600)",
            "os.remove('removed.txt')",
            "open('locked', 'w').write('still read'); os.chmod('locked', 0)",
            "open('/tmp/elsewhere', 'w').write('no')",
          ].join("\n"),
          {
            files: {
              "changed.txt": "some",
              "same.txt": "same",
              "touched.txt": "t",
              "removed.txt": "r",
              "replaced.txt": "r",
              "lib/untouched.py": "",
            },
          },
        ),
      );
      expect(result.end, stderr).toEqual({ kind: "exited", exitCode: 0 });
      const { locked, ...rest } = told(result.collected);
      expect(rest).toEqual({
        "new.txt": "new",
        "changed.txt": "some more",
        "deep/er/b.bin": "\0\u00ff\n",
        empty: "",
        "replaced.txt": "other",
      });
      // With a single user id, init cannot read files whose owner has no read permission.
      expect(["still read", "(unreadable)"]).toContain(locked);
    });

    test("[X33] links, devices, odd names, huge and too many files are skipped, and nothing outside the folder is read", async () => {
      const { result, stderr } = await run(
        python(
          [
            "import os, socket",
            "os.symlink('/etc/passwd', 'link'); os.symlink('/etc', 'folder'); os.symlink('main.py', 'own'); os.mkfifo('fifo')",
            "socket.socket(socket.AF_UNIX).bind('socket')",
            "os.link('main.py', 'hard')",
            "f = open('sparse', 'w'); f.truncate(40 << 20)",
            "open('back\\\\slash', 'w'); open('line\\nend', 'w'); open(b'\\xff', 'w')",
            "os.makedirs('/'.join('d' * 60)); open('/'.join('d' * 60) + '/deep', 'w').write('deep')",
            "for _ in range(6):\n    os.mkdir('l' * 200); os.chdir('l' * 200)\nos.chdir('../' * 6)",
            "os.mkdir('z')\nfor i in range(1500): open(f'z/{i:04}', 'w').write(str(i))",
          ].join("\n"),
        ),
      );
      expect(result.end, stderr).toEqual({ kind: "exited", exitCode: 0 });
      const collected = told(result.collected);
      expect(collected).toMatchObject({
        link: "(not-a-file)",
        folder: "(not-a-file)",
        own: "(not-a-file)",
        fifo: "(not-a-file)",
        socket: "(not-a-file)",
        sparse: "(too-large)",
        "back\\slash": "(name)",
        "line\nend": "(name)",
        [`${Array.from({ length: 60 }, () => "d").join("/")}/deep`]: "deep",
        [Array.from({ length: 6 }, () => "l".repeat(200))
          .join("/")
          .slice(0, 1024)]: "(name)",
        "z/0000": "0",
        "z/0097": "97",
      });
      const taken = result.collected?.filter((each) => "bytes" in each) ?? [];
      expect(taken.length).toBe(100);
      expect(JSON.stringify(collected)).not.toContain("root:");
      expect(Object.keys(collected).length).toBeLessThanOrEqual(200);
    });

    test.each([
      ["the wall limit", "import time; time.sleep(60)", { wallMs: 800 }, { kind: "limit", limit: "wall" }],
      ["the CPU limit", "while True: pass", { cpuMs: 500 }, { kind: "limit", limit: "cpu" }],
      [
        "the output limit",
        "while True: print('x' * 4096)",
        { outputBytes: 100_000 },
        { kind: "limit", limit: "output" },
      ],
      ["a signal", "import os; os.abort()", {}, { kind: "signalled", signal: "SIGABRT" }],
    ] as const)("[X33] also after %s", async (_, code, limits, end) => {
      const { result } = await run(python(`open('kept.txt', 'w').write('kept')\n${code}`, { limits }));
      expect(result.end).toEqual(end);
      expect(told(result.collected)).toEqual({ "kept.txt": "kept" });
    });

    test("[X33] also after a stop, and a child that goes on writing changes nothing any more", async () => {
      const code =
        "import os\nif os.fork() == 0:\n    while True: open('child.txt', 'a').write('x')\nopen('kept.txt', 'w').write('kept'); print('there', flush=True)\ninput()";
      const { stdin: _, ...program } = python(code);
      const { result } = await run(program, async ({ run: running, said }) => {
        await said("there");
        running.cancel();
      });
      expect(result.end).toEqual({ kind: "cancelled" });
      expect(told(result.collected)).toMatchObject({ "kept.txt": "kept" });
    });

    test("[X33] a run without `collect`, or one that does not compile, delivers no files", async () => {
      const { collect: _, ...silent } = python("open('new.txt', 'w').write('new')");
      expect((await run(silent)).result.collected).toBeUndefined();
      const failed = await run(python("", { compile: ["sh", "-c", "echo > new.txt; exit 1"] }));
      expect(failed.result).toMatchObject({ stage: "compile", end: { kind: "exited", exitCode: 1 } });
      expect(failed.result.collected).toBeUndefined();
    });

    test("[X34] what a program had written when a limit ended it is delivered, and not marked as truncated", async () => {
      const code = "import os, time\nos.write(1, b'x' * 60000); os.write(2, b'y' * 60000); time.sleep(60)";
      for (const limits of [{ wallMs: 900 }, { wallMs: 900, outputBytes: 200_000 }]) {
        const { result, stdout, stderr } = await run(python(code, { limits }));
        expect(result).toMatchObject({ end: { kind: "limit", limit: "wall" } });
        expect([stdout.length, stderr.length, result.outputCut]).toEqual([60_000, 60_000, undefined]);
      }
    });

    test("[X34] a program whose output nobody reads is ended in time, and what was in the pipe is still delivered", async () => {
      const code =
        "import os, time\nos.write(1, b'x'); time.sleep(0.3)\nfor i in range(100): os.write(1, b'x' * 65536)";
      const { stdin: _, ...program } = python(code, { limits: { wallMs: 1200 } });
      const { result, stdout } = await run(program, async ({ run: running, said }) => {
        await said("x");
        running.pauseOutput();
      });
      expect(result.end).toEqual({ kind: "limit", limit: "wall" });
      expect(stdout.length).toBeGreaterThanOrEqual(65_536);
      expect(stdout.length).toBeLessThan(100 * 65_536);
    });

    test("[X34] output beyond its limit is cut, and marked as truncated", async () => {
      const { result, stdout } = await run(
        python("import os; os.write(1, b'x' * 3000)", { limits: { outputBytes: 1000 } }),
      );
      expect(result).toMatchObject({ end: { kind: "limit", limit: "output" }, outputCut: true });
      expect(stdout.length).toBe(1000);
    });
  });
};
