/** Ordinary programs and what must come of them: the contract's table of what works. */
import type { SandboxEnd } from "../../../modules/execution/run/ports.ts";
import type { TestProgram } from "./harness.ts";

/** One row: a program and exactly what it prints and how it ends. */
export type ProgramCase = {
  readonly name: string;
  readonly program: TestProgram;
  readonly stdout?: string;
  /** A part of standard error. */
  readonly stderr?: string;
  readonly end: SandboxEnd;
  readonly stage?: "compile" | "run";
};

const ok = { kind: "exited", exitCode: 0 } as const;
const awkwardArguments = ["a b", "'\"\\", "$HOME", "*", "é€😀", "two\nlines", "", "--flag=1"];

/** The table. */
export const programCases: readonly ProgramCase[] = [
  {
    name: "hello in Python",
    program: { argv: ["python3", "main.py"], files: { "main.py": "print('hello')" } },
    stdout: "hello\n",
    end: ok,
  },
  {
    name: "hello in JavaScript",
    program: { argv: ["node", "main.js"], files: { "main.js": "console.log('hello')" } },
    stdout: "hello\n",
    end: ok,
  },
  {
    name: "hello in TypeScript",
    program: {
      argv: ["node", "main.ts"],
      files: { "main.ts": "const word: string = 'hello'; console.log(word); export {};" },
    },
    stdout: "hello\n",
    end: ok,
  },
  {
    name: "hello in C",
    program: {
      compile: ["gcc", "-o", "main", "main.c"],
      argv: ["./main"],
      files: { "main.c": '#include <stdio.h>\nint main(void) { puts("hello"); return 0; }' },
    },
    stdout: "hello\n",
    end: ok,
  },
  {
    name: "hello in Bash",
    program: { argv: ["bash", "main.sh"], files: { "main.sh": "echo hello" } },
    stdout: "hello\n",
    end: ok,
  },
  {
    name: "a compile error ends the run in the compile stage",
    program: { compile: ["gcc", "-o", "main", "main.c"], argv: ["./main"], files: { "main.c": "int main( {" } },
    stderr: "main.c:1",
    end: { kind: "exited", exitCode: 1 },
    stage: "compile",
  },
  {
    name: "arguments arrive verbatim",
    program: {
      argv: ["python3", "main.py", ...awkwardArguments],
      files: {
        "main.py": "import sys, json; print(json.dumps(sys.argv[1:], ensure_ascii=False, separators=(',', ':')))",
      },
    },
    stdout: `${JSON.stringify(awkwardArguments)}\n`,
    end: ok,
  },
  {
    name: "files in folders are there with their bytes",
    program: {
      argv: ["cat", "a/b/ü.txt", "empty"],
      files: { "a/b/ü.txt": "öffne\n", empty: "" },
    },
    stdout: "öffne\n",
    end: ok,
  },
  {
    name: "the end of input is seen",
    program: { argv: ["wc", "-c"], stdin: "12345" },
    stdout: "5\n",
    end: ok,
  },
  {
    name: "an exit code is kept",
    program: { argv: ["sh", "-c", "exit 42"] },
    end: { kind: "exited", exitCode: 42 },
  },
  {
    name: "a signal is named",
    program: { argv: ["sh", "-c", "kill -SEGV $$"] },
    end: { kind: "signalled", signal: "SIGSEGV" },
  },
  {
    name: "a traced program goes on after a signal",
    program: {
      compile: ["gcc", "-o", "main", "main.c"],
      argv: ["./main"],
      files: {
        "main.c": `#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
int main(void) {
  signal(SIGUSR1, SIG_IGN);
  for (int i = 0; i < 3; i++) { ptrace(PTRACE_TRACEME, 0, 0, 0); raise(SIGUSR1); }
  puts("went on");
  return 3;
}`,
      },
    },
    stdout: "went on\n",
    end: { kind: "exited", exitCode: 3 },
  },
  {
    name: "a traced program is ended by its signal",
    program: {
      argv: ["python3", "-c", "import ctypes, os; ctypes.CDLL(None).ptrace(0, 0, 0, 0); os.kill(os.getpid(), 15)"],
    },
    end: { kind: "signalled", signal: "SIGTERM" },
  },
  {
    name: "a program that is not there is a result with the shell's code",
    program: { argv: ["./nothing"] },
    stderr: "cannot start ./nothing",
    end: { kind: "exited", exitCode: 127 },
  },
  {
    name: "output written right before the exit is not lost",
    program: { argv: ["python3", "-c", "import os; os.write(1, b'x' * 60000); os._exit(3)"] },
    stdout: "x".repeat(60_000),
    end: { kind: "exited", exitCode: 3 },
  },
  {
    name: "both streams are kept apart",
    program: { argv: ["sh", "-c", "echo out; echo err >&2"] },
    stdout: "out\n",
    stderr: "err\n",
    end: ok,
  },
  {
    name: "the locale, the time zone, the host name and the home are ours",
    program: { argv: ["sh", "-c", 'echo "$LANG $(date +%Z) $(uname -n) $HOME $(pwd)"; touch "$HOME/writable"'] },
    stdout: "C.UTF-8 UTC atelier /tmp /project\n",
    end: ok,
  },
  {
    name: "the user and its files have names",
    program: {
      argv: [
        "sh",
        "-c",
        // A server that is not root can map only its own user.
        'touch x; echo $(whoami) $(id -gn) $(stat -c "%U %G" x) | sed "s/^root root root root/user user user user/"',
      ],
    },
    stdout: "user user user user\n",
    end: ok,
  },
  {
    name: "variables reach the program",
    program: { argv: ["sh", "-c", 'echo "$GREETING"'], env: { GREETING: "héllo = $x" } },
    stdout: "héllo = $x\n",
    end: ok,
  },
  {
    name: "threads, child processes and pipes work",
    program: {
      argv: [
        "python3",
        "-c",
        "import threading, subprocess; t = threading.Thread(target=lambda: print(subprocess.check_output(['sh', '-c', 'seq 3 | tail -1']).decode().strip())); t.start(); t.join()",
      ],
    },
    stdout: "3\n",
    end: ok,
  },
  {
    name: "shared memory and a local socket work",
    program: {
      argv: [
        "python3",
        "-c",
        "import socket, multiprocessing.shared_memory as m; s = m.SharedMemory(create=True, size=4096); s.buf[0] = 7; a = socket.create_server(('127.0.0.1', 0)); c = socket.create_connection(a.getsockname()); print(s.buf[0], c.getpeername()[0]); s.close(); s.unlink()",
      ],
    },
    stdout: "7 127.0.0.1\n",
    end: ok,
  },
];
