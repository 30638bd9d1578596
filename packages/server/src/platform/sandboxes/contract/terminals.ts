/** The contract's part on what terminals do beside passing lines on: long writes, raw mode, sizes, stopped children. */
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { runProgram } from "./harness.ts";

const size = { columns: 80, rows: 24 };
const bytes = (text: string): Buffer => Buffer.from(text, "utf8");

/** Declares the part. Tests that only a current gVisor passes are skipped with an older one. */
export const testTerminals = (context: ContractContext): void => {
  const run = (
    program: Parameters<typeof runProgram>[1],
    during?: Parameters<typeof runProgram>[2],
  ): ReturnType<typeof runProgram> =>
    runProgram({ provider: context.provider(), imageRoot: context.imageRoot }, program, during);

  describe("terminals", () => {
    test.skipIf(context.isOldGvisor)("one long write arrives whole", async () => {
      const length = 300_000;
      const code = `import os; n = os.write(1, b"x" * ${length}); os.write(1, b"wrote %d" % n)`;
      const { terminal } = await run({ argv: ["python3", "-c", code], terminal: size });
      expect(terminal.replace(/^x+/u, "")).toBe(`wrote ${length}`);
      expect(terminal).toHaveLength(length + `wrote ${length}`.length);
    });

    test("in raw mode every key is a byte", async () => {
      const code = `
import os, tty
tty.setraw(0)
os.write(1, b"ready")
got = b""
while not got.endswith(b"q"): got += os.read(0, 16)
os.write(1, b" got " + got.hex().encode())
`;
      const outcome = await run({ argv: ["python3", "-c", code], terminal: size }, async ({ run: running, said }) => {
        await said("ready");
        running.writeStdin(bytes("a\x1cb\x03c\x1ad\x04\r\x7fq"));
      });
      expect(outcome.terminal).toBe("ready got 611c6203631a64040d7f71");
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
    });

    test("[X58] a control character is shown by its name, and the program reads it", async () => {
      const code = "print(input('? ').encode().hex())";
      const outcome = await run({ argv: ["python3", "-c", code], terminal: size }, async ({ run: running, said }) => {
        await said("? ");
        running.writeStdin(bytes("a\x1b[D\x01\tb"));
        await said("b");
        running.writeStdin(bytes("\x7fc\r"));
      });
      expect(outcome.terminal).toBe("? a^[[D^A\tb\b \bc\r\n611b5b44010963\r\n");
    });

    test("raw mode ends, and keys are signals again", async () => {
      // Python handles a signal that comes just before a read only after that read, so the program does not read.
      const code = `
import os, termios, time, tty
before = termios.tcgetattr(0)
tty.setraw(0)
os.write(1, b"raw")
assert os.read(0, 1) == b"\\x03"
termios.tcsetattr(0, termios.TCSANOW, before)
try:
    os.write(1, b" cooked")
    while True: time.sleep(0.05)
except KeyboardInterrupt:
    os.write(1, b" interrupted")
`;
      const outcome = await run({ argv: ["python3", "-c", code], terminal: size }, async ({ run: running, said }) => {
        await said("raw");
        running.writeStdin(bytes("\x03"));
        await said("cooked");
        running.writeStdin(bytes("\x03"));
        await said("interrupted");
      });
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
    });

    test("a new size is announced once", async () => {
      // Not blocked in a read, for the same reason.
      const code = `
import os, select, signal, sys
count = 0
def resized(*_):
    global count
    count += 1
    os.write(1, b"resized %d" % os.get_terminal_size().columns)
signal.signal(signal.SIGWINCH, resized)
os.write(1, b"up")
while not select.select([0], [], [], 0.05)[0]: pass
sys.stdin.readline()
os.write(1, b" counted %d;" % count)
`;
      const outcome = await run({ argv: ["python3", "-c", code], terminal: size }, async ({ run: running, said }) => {
        await said("up");
        running.resize({ columns: 55, rows: 11 });
        await said("resized 55");
        running.resize({ columns: 66, rows: 11 });
        await said("resized 66");
        running.writeStdin(bytes("\r"));
      });
      expect(outcome.terminal).toContain("counted 2;");
    });

    test.skipIf(context.isOldGvisor).each([
      ["in a terminal", { terminal: size }],
      ["without a terminal", {}],
    ])("a child that was stopped and killed ends alone, %s", async (_, more) => {
      const code = "sleep 60 & kill -STOP $!; sleep 0.2; kill -KILL $!; wait $!; echo waited $?; sleep 0.1; echo alive";
      const outcome = await run({ argv: ["bash", "-c", code], ...more });
      expect(outcome.result.end).toEqual({ kind: "exited", exitCode: 0 });
      expect(outcome.terminal + outcome.stdout).toMatch(/waited 137\s+alive/u);
    });
  });
};
