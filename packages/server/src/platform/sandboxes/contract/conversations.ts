/** The contract's part on runs one talks to: input, terminals, signals, back-pressure, cancelling, orphans. */
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { bootToRun, findResidue, jobOf, type Outcome, runProgram, testBlueprint } from "./harness.ts";

const mebibyte = 1024 * 1024;
const bytes = (text: string): Buffer => Buffer.from(text, "utf8");
const size = { columns: 101, rows: 37 };

/**
 * Says that it is up once it can be interrupted, then what it hears of. Signals have a thread of their own, so that one which
 * comes while Python is about to wait for a line is not forgotten, and so that somebody always waits for a line.
 */
const terminalProgram = `
import itertools, os, signal, sys, threading
heard = {signal.SIGINT, signal.SIGWINCH}
signal.signal(signal.SIGWINCH, lambda *_: None)
signal.pthread_sigmask(signal.SIG_BLOCK, heard)
def read():
    for line in sys.stdin: print("line", repr(line), flush=True)
    print("end of input", flush=True)
    os._exit(0)
threading.Thread(target=read).start()
print("tty", all(os.isatty(n) for n in range(3)), *os.get_terminal_size(), flush=True)
interrupts = itertools.count(1)
while True:
    if signal.sigwait(heard) == signal.SIGINT: print("interrupted %d;" % next(interrupts), flush=True)
    else: print("resized", *os.get_terminal_size(), flush=True)
`;

/** Says that it is up once its child runs: Popen returns after the child's exec. */
const PARENT_AND_CHILD =
  "import subprocess; child = subprocess.Popen(['sleep', '60']); print('up', flush=True); child.wait()";

/** Declares the part. */
export const testConversations = (context: ContractContext): void => {
  const run: (
    ...rest: Parameters<typeof runProgram> extends [unknown, ...infer Rest] ? Rest : never
  ) => Promise<Outcome> = (...rest) =>
    runProgram({ provider: context.provider(), imageRoot: context.imageRoot }, ...rest);

  describe("conversations", () => {
    test("input is read while the program runs", async () => {
      const program = { argv: ["python3", "-c", "while True: print('got', input(), flush=True)"] };
      const outcome = await run(program, async ({ run: running, said }) => {
        running.writeStdin(bytes("one\n"));
        await said("got one");
        running.writeStdin(bytes("zwöi\n"));
        await said("got zwöi");
        running.endStdin();
      });
      expect(outcome.stdout).toBe("got one\ngot zwöi\n");
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 1 });
    });

    test("input and size given while compiling reach the program", async () => {
      const program = {
        compile: ["sleep", "0.5"],
        argv: ["sh", "-c", "stty size; read line; echo got $line"],
        terminal: size,
      };
      const outcome = await run(program, ({ run: running }) => {
        running.writeStdin(bytes("early\r"));
        running.resize({ columns: 44, rows: 22 });
      });
      expect(outcome.stages).toEqual(["compile", "run"]);
      expect(outcome.terminal).toContain("22 44");
      expect(outcome.terminal).toContain("got early");
    });

    test("a character split across chunks arrives byte-exact", async () => {
      const outcome = await run({
        argv: ["python3", "-c", "import os, time; os.write(1, b'\\xc3'); time.sleep(0.1); os.write(1, b'\\xa9')"],
      });
      expect([...outcome.bytes]).toEqual([0xc3, 0xa9]);
    });

    test("5 MB of input come back whole, at the pace of the reader", async () => {
      const chunk = Buffer.alloc(65_536, "abcdefgh");
      const outcome = await run({ argv: ["cat"] }, async ({ run: running }) => {
        for (let sent = 0; sent < 80; sent += 1) if (!running.writeStdin(chunk)) await running.drained();
        running.endStdin();
      });
      expect(outcome.bytes.equals(Buffer.concat(Array.from({ length: 80 }, () => chunk)))).toBe(true);
    });

    test("10 MB of output arrive whole", async () => {
      const outcome = await run({
        argv: ["python3", "-c", "import os\nfor i in range(10): os.write(1, bytes([i]) * 1048576) == 1048576 or 1 / 0"],
      });
      expect(outcome.stderr).toBe("");
      expect(outcome.bytes.byteLength).toBe(10 * mebibyte);
      expect(outcome.bytes.every((value, index) => value === Math.floor(index / mebibyte))).toBe(true);
    });

    test("a paused listener slows the program down, and loses nothing", async () => {
      const code =
        "import os, sys\nfor i in range(64): os.write(1, b'x' * 65536); sys.stderr.write('.') and sys.stderr.flush()";
      let heardWhilePaused = 0;
      const sandbox = await bootToRun(context.provider(), testBlueprint(context.imageRoot));
      let heard = 0;
      const running = sandbox.run(jobOf({ argv: ["python3", "-c", code] }), {
        stage: () => undefined,
        output: (stream, chunk) => void (heard += stream === "stdout" ? chunk.byteLength : 0),
      });
      running.pauseOutput();
      await delay(700);
      heardWhilePaused = heard;
      running.resumeOutput();
      const result = await running.result;
      expect(heardWhilePaused).toBeLessThan(mebibyte);
      expect(heard).toBe(64 * 65_536);
      expect(result.end).toEqual({ kind: "exited", exitCode: 0 });
    });

    test("a terminal has a size, is resized, and its keys are signals", async () => {
      const program = { argv: ["python3", "main.py"], files: { "main.py": terminalProgram }, terminal: size };
      const outcome = await run(program, async ({ run: running, said }) => {
        await said("tty True 101 37");
        running.resize({ columns: 55, rows: 11 });
        await said("resized 55 11");
        running.signal("SIGINT");
        await said("interrupted 1;");
        running.writeStdin(bytes("hé\r"));
        await said("line 'hé\\n'");
        running.writeStdin(bytes("\x03"));
        await said("interrupted 2;");
        running.writeStdin(bytes("\x04"));
        await said("end of input");
      });
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
      expect(outcome.stdout + outcome.stderr).toBe("");
    });

    test("[X25] no program ever reads the interrupt key, nor what was typed before it in the line", async () => {
      const program = { argv: ["python3", "main.py"], files: { "main.py": terminalProgram }, terminal: size };
      const outcome = await run(program, async ({ run: running, said }) => {
        await said("tty True");
        for (let round = 1; round <= 100; round++) {
          if (round % 2 === 0) running.writeStdin(bytes("dropped"));
          running.writeStdin(bytes("\x03"));
          await said(`interrupted ${round};`);
          running.writeStdin(bytes(`${round}\r`));
          await said(`line '${round}\\n'`);
        }
        running.writeStdin(bytes("\x04"));
      });
      expect(outcome.terminal.match(/line '[^']*'/gu)).toHaveLength(100);
      expect(outcome.terminal).toContain("dropped^C");
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
    });

    test("[X25] nor what came in the same message before the key", async () => {
      const program = { argv: ["python3", "main.py"], files: { "main.py": terminalProgram }, terminal: size };
      const outcome = await run(program, async ({ run: running, said }) => {
        await said("tty True");
        running.writeStdin(bytes("dropped\x03kept\r"));
        await said("line 'kept\\n'");
        running.writeStdin(bytes("\x04"));
      });
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
    });

    test.each(["Ada", "Ada\r", ""])("the end of input after %j in a terminal is one", async (typed) => {
      const code = "import sys; print('up', flush=True); print('read', repr(sys.stdin.read()), flush=True)";
      const outcome = await run({ argv: ["python3", "-c", code], terminal: size }, async ({ run: running, said }) => {
        await said("up");
        if (typed !== "") running.writeStdin(bytes(typed));
        running.endStdin();
      });
      expect(outcome.terminal).toContain(`read '${typed.replace("\r", "\\n")}'`);
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
    });

    test("[X9] a sandbox that fails while files are written says so, and announces no stage", async () => {
      const outcome = await run({ argv: ["true"], files: { taken: "a file", "taken/inside": "no folder" } });
      expect(outcome.result.end).toMatchObject({ kind: "sandbox-failed" });
      expect(outcome.stages).toEqual([]);
    });

    test("many lines, each written alone, arrive whole and in few pieces", async () => {
      let pieces = 0;
      const sandbox = await bootToRun(context.provider(), testBlueprint(context.imageRoot));
      let text = "";
      const code = "import os\nfor i in range(20000): os.write(1, b'%d\\n' % i)";
      const running = sandbox.run(jobOf({ argv: ["python3", "-c", code] }), {
        stage: () => undefined,
        output(_, chunk) {
          pieces += 1;
          text += Buffer.from(chunk).toString("utf8");
        },
      });
      expect((await running.result).end).toEqual({ kind: "exited", exitCode: 0 });
      expect(text).toBe(Array.from({ length: 20_000 }, (_, i) => `${i}\n`).join(""));
      expect(pieces).toBeLessThan(10_000);
    });

    test("what goes to two streams in turn is told in turn", async () => {
      const order: string[] = [];
      const sandbox = await bootToRun(context.provider(), testBlueprint(context.imageRoot));
      const code = `
import os
for i in range(200): os.write(1, b"o")
os.write(2, b"e")
for i in range(200): os.write(1, b"p")
`;
      const running = sandbox.run(jobOf({ argv: ["python3", "-c", code] }), {
        stage: () => undefined,
        output: (_, chunk) => void order.push(Buffer.from(chunk).toString("utf8")),
      });
      await running.result;
      const told = order.join("");
      expect(told).toHaveLength(401);
      expect(told.indexOf("e")).toBeGreaterThanOrEqual(16);
    });

    test("job control works in a terminal's shell", async () => {
      const program = { argv: ["bash", "--norc", "-i"], env: { PS1: "ready> " }, terminal: size };
      const outcome = await run(program, async ({ run: running, said }) => {
        await said("ready> ");
        running.writeStdin(bytes("sleep 60\r"));
        await delay(300);
        running.writeStdin(bytes("\x1a"));
        await said("Stopped");
        running.writeStdin(bytes("fg\r"));
        await delay(300);
        running.writeStdin(bytes("\x03"));
        await delay(300);
        running.writeStdin(bytes("echo state=$?; exit 5\r"));
      });
      expect(outcome.terminal).toContain("state=130");
      expect(outcome.terminal).not.toContain("no job control");
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 5 });
    });

    test("Ctrl-C ends a program in a terminal by its signal", async () => {
      const program = {
        argv: ["python3", "-c", "import time; print('up', flush=True)\nwhile True: time.sleep(0.05)"],
        terminal: size,
      };
      const outcome = await run(program, async ({ run: running, said }) => {
        await said("up");
        running.writeStdin(bytes("\x03"));
      });
      expect(outcome.result.end).toEqual({ kind: "signalled", signal: "SIGINT" });
      expect(outcome.terminal).toContain("KeyboardInterrupt");
    });

    test("characters cannot be put into a terminal from inside", async () => {
      const code = `
import fcntl
for request in (0x5412, 0x5412 | 1 << 32, 0x541C):
    try:
        import ctypes
        r = ctypes.CDLL(None, use_errno=True).ioctl(0, ctypes.c_ulong(request), ctypes.byref(ctypes.c_char(b'X')))
        print("injected" if r == 0 else "refused", flush=True)
    except OSError: print("refused", flush=True)
`;
      const outcome = await run({ argv: ["python3", "main.py"], files: { "main.py": code }, terminal: size });
      expect(outcome.terminal.match(/refused/gu)).toHaveLength(3);
    });

    test.each(["SIGTERM", "SIGKILL", "SIGINT", "SIGHUP"] as const)(
      "%s reaches the program and its children",
      async (name) => {
        // Not a shell: dash loses about every second SIGINT that comes between its output and its next program's start.
        const program = { argv: ["python3", "-c", PARENT_AND_CHILD] };
        const outcome = await run(program, async ({ run: running, said }) => {
          await said("up");
          running.signal(name);
        });
        expect(outcome.result.end).toEqual({ kind: "signalled", signal: name });
      },
    );

    test("a cancelled run says so, soon", async () => {
      const startedAt = performance.now();
      const outcome = await run(
        { argv: ["sh", "-c", "trap '' TERM INT HUP; echo up; sleep 60"] },
        async ({ run: running, said }) => {
          await said("up");
          running.cancel();
          running.cancel();
          running.writeStdin(bytes("late"));
          running.resize(size);
        },
      );
      expect(outcome.result.end).toEqual({ kind: "cancelled" });
      expect(performance.now() - startedAt).toBeLessThan(5000);
    });

    test("a sandbox gives one run", async () => {
      const sandbox = await bootToRun(context.provider(), testBlueprint(context.imageRoot));
      const listener = { stage: () => undefined, output: () => undefined };
      expect(() => sandbox.run(jobOf({ argv: ["true"], limits: { cpuMs: Number.NaN } }), listener)).toThrow(RangeError);
      expect(() => sandbox.run(jobOf({ argv: ["true"], limits: { wallMs: -1 } }), listener)).toThrow(RangeError);
      expect(() => sandbox.run(jobOf({ argv: ["a\0b"] }), listener)).toThrow(RangeError);
      const running = sandbox.run(jobOf({ argv: ["true"] }), listener);
      expect(() => sandbox.run(jobOf({ argv: ["true"] }), listener)).toThrow("used");
      await running.result;
    });

    test("a job whose files do not fit fails as ours, not as the program's", async () => {
      const outcome = await run({ argv: ["true"], files: { big: "x".repeat(70 * mebibyte) } });
      expect(outcome.result.end).toMatchObject({ kind: "sandbox-failed" });
    });

    test("what a killed server leaves behind is found and removed", async () => {
      const provider = await context.open();
      const sandbox = await bootToRun(provider, testBlueprint(context.imageRoot));
      const running = sandbox.run(jobOf({ argv: ["sleep", "60"] }), {
        stage: () => undefined,
        output: () => undefined,
      });
      expect(findResidue(context.stateFolder)).not.toEqual([]);
      const next = await context.open();
      expect(await next.removeOrphans()).toBe(1);
      expect(findResidue(context.stateFolder)).toEqual([]);
      expect((await running.result).end).toMatchObject({ kind: "sandbox-failed" });
      expect(await next.removeOrphans()).toBe(0);
    });
  });
};
