/** Programs that want too much, and how each must end: the contract's table of limits. */
import type { SandboxEnd } from "../../../modules/execution/run/ports.ts";
import type { TestProgram } from "./harness.ts";

/** One row. */
export type LimitCase = {
  readonly name: string;
  readonly program: TestProgram;
  /** More than one only where two limits race. */
  readonly ends: readonly SandboxEnd[];
  /** A part of standard output, where the program came to its end. */
  readonly says?: string;
  /** Said instead where gVisor has to keep files in its own memory, which only their bytes and the memory limit bound. */
  readonly saysInGvisorMemory?: string;
  /** Skipped for the gVisor of 2024, which does not enforce it. */
  readonly needsCurrentGvisor?: true;
  /** The run is over by then, destruction included. */
  readonly withinMs?: number;
};

const ok = { kind: "exited", exitCode: 0 } as const;
const limit = (name: "wall" | "cpu" | "memory" | "output"): SandboxEnd => ({ kind: "limit", limit: name });

const python = (code: string, limits?: TestProgram["limits"]): TestProgram => ({
  argv: ["python3", "main.py"],
  files: { "main.py": code },
  ...(limits === undefined ? {} : { limits }),
});

/** Busy threads that run in parallel: hashing releases Python's lock. */
const busyThreads = (threads: number, seconds: number): string => `
import hashlib, threading, time
data, end = bytes(1 << 20), time.monotonic() + ${seconds}
def work():
    while time.monotonic() < end: hashlib.sha256(data).digest()
all = [threading.Thread(target=work) for _ in range(${threads})]
for one in all: one.start()
for one in all: one.join()
print("all done")
`;

const fillDisk = (folder: string): string => `
try:
    with open("${folder}/big", "wb") as f:
        for _ in range(200): f.write(b"x" * 1048576); f.flush()
    print("no limit")
except OSError as error:
    print(error.strerror)
`;

const fillWithFiles = (folder: string, count: number): string => `
try:
    for i in range(${count}): open(f"${folder}/{i}", "w").close()
    print("no limit")
except OSError as error:
    print(error.strerror)
`;

/** The table. */
export const limitCases: readonly LimitCase[] = [
  {
    name: "an endless sleep ends at the wall limit",
    program: { argv: ["sleep", "100"], limits: { wallMs: 700 } },
    ends: [limit("wall")],
    withinMs: 3000,
  },
  {
    name: "a busy loop ends at the CPU limit",
    program: python("while True: pass", { cpuMs: 500 }),
    ends: [limit("cpu")],
    withinMs: 5000,
  },
  {
    name: "busy loops in several processes share the CPU limit",
    program: {
      argv: ["sh", "-c", "for i in 1 2 3 4; do while :; do :; done & done; wait"],
      limits: { cpuMs: 800 },
    },
    ends: [limit("cpu")],
    withinMs: 8000,
  },
  {
    name: "many busy threads end at the CPU limit, and not by a signal before",
    program: python(busyThreads(8, 60), { cpuMs: 1500, wallMs: 40_000 }),
    ends: [limit("cpu")],
  },
  {
    name: "many busy threads below the CPU limit run to their end",
    program: python(busyThreads(8, 2.5)),
    ends: [ok],
    says: "all done",
  },
  {
    name: "memory above the limit, for some time, is out of memory also where the tool has memory beside it",
    program: python("a = bytearray(290 << 20)\nfor i in range(0, len(a), 4096): a[i] = 1\nimport time; time.sleep(10)"),
    ends: [limit("memory")],
  },
  {
    name: "a file beyond what one file may hold is an error, not a signal",
    program: {
      // A program in C: unlike Python it does not ignore SIGXFSZ.
      argv: ["sh", "-c", "dd if=/dev/zero of=/tmp/big bs=1 count=1 seek=3G 2>&1; echo code $?"],
    },
    ends: [ok],
    says: "File too large",
  },
  {
    name: "3 GB of memory is out of memory, not signal 9",
    program: python("a = []\nfor _ in range(3000): a.append(b'x' * 1048576)\nprint('allocated')"),
    ends: [limit("memory")],
  },
  {
    name: "memory taken by a child counts",
    program: python(
      "import os, time\nif os.fork() == 0:\n    a = [b'x' * 1048576 for _ in range(3000)]\nelse:\n    time.sleep(10)",
    ),
    ends: [limit("memory")],
  },
  {
    name: "endless output ends at the output limit",
    program: { argv: ["yes"], limits: { outputBytes: 100_000 } },
    ends: [limit("output")],
    withinMs: 5000,
  },
  {
    name: "a fork bomb is held by the process limit and ends with its main process",
    program: python(
      `
import os, time
made = 0
try:
    for _ in range(5000):
        if os.fork() == 0:
            try:
                while True: os.fork()
            except OSError:
                time.sleep(30)
            os._exit(0)
        made += 1
except OSError as error:
    print("refused", made < 100)
`,
      { wallMs: 10_000 },
    ),
    // Where memory is polled in gVisor, 64 forked interpreters may be seen as too much first.
    ends: [ok, limit("memory")],
    says: "refused True",
  },
  {
    name: "a shell's fork bomb ends at a limit",
    program: { argv: ["bash", "-c", "f() { f | f & }; f; sleep 60"], limits: { wallMs: 2500, cpuMs: 2000 } },
    ends: [limit("wall"), limit("cpu"), { kind: "exited", exitCode: 254 }, { kind: "exited", exitCode: 0 }],
  },
  {
    name: "space beyond the disk's, reserved at once, is refused",
    program: python(`
import os
for folder in ("/project", "/tmp", "/dev/shm"):
    with open(folder + "/reserved", "wb") as file:
        try:
            os.posix_fallocate(file.fileno(), 0, 100 << 20)
            print(folder, "no limit")
        except OSError as error:
            print(folder, error.strerror)
`),
    ends: [ok],
    says: "/project No space left on device\n/tmp No space left on device\n/dev/shm No space left on device\n",
  },
  { name: "a full project folder says so", program: python(fillDisk("/project")), ends: [ok], says: "No space left" },
  { name: "a full /tmp says so", program: python(fillDisk("/tmp")), ends: [ok], says: "No space left" },
  {
    name: "too many files say so",
    program: python(fillWithFiles("/tmp", 5000)),
    ends: [ok],
    says: "No space left",
    saysInGvisorMemory: "no limit",
  },
  {
    name: "shared memory has a limit",
    program: python(fillDisk("/dev/shm")),
    ends: [ok],
    says: "No space left",
  },
  {
    name: "too many files in shared memory say so",
    needsCurrentGvisor: true,
    program: python(fillWithFiles("/dev/shm", 10000)),
    ends: [ok],
    says: "No space left",
  },
  {
    name: "126 idle forks fit into 256 MiB",
    needsCurrentGvisor: true,
    program: python(
      `
import os, time
for i in range(126):
    if os.fork() == 0: time.sleep(30); os._exit(0)
print("all forked")
`,
      { processes: 128 },
    ),
    ends: [ok],
    says: "all forked",
  },
  {
    name: "a daemonised child does not hold the run open",
    program: { argv: ["sh", "-c", "sleep 60 & echo started"] },
    ends: [ok],
    says: "started",
    withinMs: 4000,
  },
  {
    name: "a child with a session of its own and closed streams does not survive",
    program: python(`
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for fd in range(3): os.close(fd)
        os.execvp("sleep", ["sleep", "60"])
    os._exit(0)
print("gone")
`),
    ends: [ok],
    says: "gone",
    withinMs: 4000,
  },
  {
    name: "a background job that ends soon may still speak",
    // The main process's end is what the job waits for: a job that sleeps would measure how busy the machine is.
    program: {
      argv: ["sh", "-c", "mkfifo /tmp/f; (read line; echo late) </tmp/f & exec 9>/tmp/f; echo early"],
    },
    ends: [ok],
    says: "late",
  },
  {
    name: "core files are not written",
    program: {
      argv: ["sh", "-c", "ulimit -c unlimited 2>/dev/null; sh -c 'kill -ABRT $$'; ls -A; echo done"],
    },
    ends: [ok],
    says: "done",
  },
];
