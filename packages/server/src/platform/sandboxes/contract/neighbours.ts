/** The contract's part on runs beside each other: a run never notices what another does to files and devices that all sandboxes share. */
import { describe, expect, test } from "vitest";
import type { ContractContext } from "../ports.contract.ts";
import { type Outcome, runProgram, type TestProgram } from "./harness.ts";

/** Paths that exist in every sandbox, each backed by one file of the host. */
const sharedFiles = ["/usr/bin/env", "/etc/passwd", "/usr/lib/os-release", "/.atelier/init", "/dev/null", "/dev/zero"];

const prelude = `
import ctypes, errno, fcntl, json, os, struct, sys
shared = ${JSON.stringify(sharedFiles)}
libc = ctypes.CDLL(None, use_errno=True)
`;

/** Watches and locks all of them, prints that, and after a line of input prints which events it saw. */
const watcher = `${prelude}
watch = libc.inotify_init1(os.O_NONBLOCK)
numbers = {libc.inotify_add_watch(watch, path.encode(), 0x20): path for path in shared}
held = [open(path, "rb") for path in shared]
try: os.read(watch, 65536)
except BlockingIOError: pass
def lock(file):
    try: fcntl.flock(file, fcntl.LOCK_EX)
    except OSError as error: return error.errno != errno.ENOLCK # of gVisor's devices
    return True
print("locked", json.dumps(sorted(file.name for file in held if lock(file))))
print("watching", len(numbers), flush=True)
sys.stdin.readline()
try: events = os.read(watch, 65536)
except BlockingIOError: events = b""
heard = set()
while events:
    number, _, _, length = struct.unpack("iIII", events[:16])
    heard.add(numbers[number])
    events = events[16 + length:]
print("heard", json.dumps(sorted(heard)))
`;

/** Opens and locks all of them, and prints which it could not lock. */
const toucher = `${prelude}
refused = []
for path in shared:
    file = open(path, "rb")
    try: fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError: refused.append(path)
    except OSError: pass
print("refused", json.dumps(sorted(refused)), flush=True)
`;

/** Allocates resources of which the host has a fixed number, until it is refused, and keeps them. */
const hoarder = `${prelude}
terminals = []
try:
    while len(terminals) < 200: terminals.append(os.open("/dev/ptmx", os.O_RDWR | os.O_NOCTTY))
except OSError: pass
contexts = 0
while contexts < 8 and libc.syscall(206 if os.uname().machine == "x86_64" else 0, 100, ctypes.byref(ctypes.c_ulong())) == 0: contexts += 1
print("holds", len(terminals), contexts, flush=True)
sys.stdin.readline()
`;

const python = (code: string): TestProgram => ({ argv: ["python3", "main.py"], files: { "main.py": code } });

/** Declares the part. */
export const testNeighbours = (context: ContractContext): void => {
  const run = (
    ...rest: Parameters<typeof runProgram> extends [unknown, ...infer Rest] ? Rest : never
  ): Promise<Outcome> => runProgram({ provider: context.provider(), imageRoot: context.imageRoot }, ...rest);
  // With a shared kernel a sandbox has its own device nodes only where nodes can be made.
  const ownDevices = context.tier === "gvisor" || process.geteuid?.() === 0;
  const isExpected = (path: string): boolean => ownDevices || !path.startsWith("/dev/");
  const listed = (text: string, word: string): string[] =>
    JSON.parse(new RegExp(`^${word} (.*)$`, "mu").exec(text)?.[1] ?? "null") as string[];

  describe("neighbours", () => {
    test("[I52] no sandbox notices another's use of shared files, and none is blocked by its locks", async () => {
      let neighbour: Outcome | undefined;
      const outcome = await run(python(watcher), async ({ run: running, said }) => {
        await said(`watching ${sharedFiles.length}`);
        neighbour = await run(python(toucher));
        running.writeStdin(Buffer.from("\n"));
      });
      expect(listed(neighbour?.stdout ?? "", "refused").filter(isExpected), neighbour?.stderr).toEqual([]);
      expect(listed(outcome.stdout, "heard").filter(isExpected), outcome.stderr).toEqual([]);
    });

    test("the control: within one sandbox both are noticed", async () => {
      const program = {
        argv: ["python3", "main.py"],
        files: {
          "main.py": watcher.replace(
            "sys.stdin.readline()",
            "import subprocess; print(subprocess.run([sys.executable, 'other.py'], capture_output=True, text=True).stdout)",
          ),
          "other.py": toucher,
        },
      };
      const outcome = await run(program);
      expect(listed(outcome.stdout, "refused"), outcome.stderr).toEqual(listed(outcome.stdout, "locked"));
      expect(listed(outcome.stdout, "locked")).toEqual(expect.arrayContaining(["/etc/passwd", "/usr/bin/env"]));
      expect(listed(outcome.stdout, "heard")).toEqual(expect.arrayContaining(["/etc/passwd", "/usr/bin/env"]));
    });

    test("[I52] no sandbox can use up the host's terminals and asynchronous I/O requests", async () => {
      let neighbour: Outcome | undefined;
      const outcome = await run(python(hoarder), async ({ run: running, said }) => {
        await said("holds");
        neighbour = await run({ argv: ["tty"], terminal: { columns: 80, rows: 24 } });
        running.writeStdin(Buffer.from("\n"));
      });
      const [, terminals = Number.NaN, contexts = Number.NaN] = outcome.stdout.trim().split(" ").map(Number);
      expect(neighbour?.terminal).toMatch(/^\/dev\/pts\/\d+/u);
      if (context.tier === "gvisor") return; // gVisor's own kernel has these resources.
      expect(terminals, outcome.stderr).toBeGreaterThan(8);
      expect(terminals).toBeLessThanOrEqual(32);
      expect(contexts).toBe(0);
    });
  });
};
