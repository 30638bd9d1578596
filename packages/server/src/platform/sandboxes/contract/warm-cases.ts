/** Programs that look for a difference between a bare interpreter and one that waited for its job. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commandLinesOf } from "../../../modules/execution/languages/command-line.ts";
import { DeclarationSchema } from "@atelier/contracts/language-declaration";

const languagesFolder = join(import.meta.dirname, "../../../../../../languages");

/** As the server reads them: a difference must show in the very commands that users' programs are run by. */
const declare = (language: string) => {
  const text = readFileSync(join(languagesFolder, language, "language.json"), "utf8");
  const { warmUp, ...declaration } = DeclarationSchema.parse(JSON.parse(text));
  if (warmUp === undefined) throw new Error(`${language} declares no waiting interpreter`);
  return { ...declaration, warmUp, sampleContent: "" };
};

const declarations = {
  python: declare("python"),
  javascript: declare("javascript"),
  typescript: declare("typescript"),
} as const;

/** argv of the waiting interpreters. */
export const warmUps = {
  python: declarations.python.warmUp,
  javascript: declarations.javascript.warmUp,
  typescript: declarations.typescript.warmUp,
} as const;

/** argv of a program. */
export const commandOf = (
  language: keyof typeof warmUps,
  entryPoint: string,
  args: readonly string[] = [],
): readonly string[] => commandLinesOf(declarations[language], { entryPoint, args, files: [] }).run;

/** One program; its output must be the same, byte for byte. */
export type WarmCase = {
  readonly language: keyof typeof warmUps;
  readonly name: string;
  readonly entryPoint: string;
  readonly args: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Also compared in a terminal. */
  readonly terminal?: true;
  /** What it prints comes from the kernel too, not from the language alone: `npm test` compares it in gVisor as well. */
  readonly kernel?: true;
};

const python = (name: string, code: string, rest: Partial<WarmCase> = {}): WarmCase => ({
  language: "python",
  name,
  entryPoint: "main.py",
  args: ["one", "two words"],
  files: { "main.py": code },
  ...rest,
});

const node = (name: string, files: Readonly<Record<string, string>>, rest: Partial<WarmCase> = {}): WarmCase => ({
  language: "javascript",
  name,
  entryPoint: Object.keys(files)[0] ?? "",
  args: ["one", "two words"],
  files,
  ...rest,
});

/** The table. */
export const warmCases: readonly WarmCase[] = [
  python(
    "names, paths and the main module",
    "import sys, os, __main__\nprint(sys.argv, sys.orig_argv, sys.path, __file__, __name__, __package__, __spec__, type(__loader__).__name__, __loader__.path, os.getcwd(), sys.executable, sys.flags)\nprint(sorted(globals()), sorted(vars(__main__)), __main__ is sys.modules['__main__'])",
    { terminal: true, kernel: true },
  ),
  python(
    "an uncaught error",
    "def f(): return 1 / 0\ntry:\n    f()\nexcept ZeroDivisionError as e:\n    raise ValueError('x') from e",
    { terminal: true },
  ),
  python("a syntax error", "print('never')\nx = = 1\n", { terminal: true }),
  python("an error in an imported module", "import other", {
    files: { "main.py": "import other", "other.py": "def f():\n    raise KeyError('k')\nf()" },
  }),
  python("exit codes", "import sys, atexit; atexit.register(print, 'hook'); sys.exit(7)", {
    terminal: true,
    kernel: true,
  }),
  python("an exit message", "import sys; sys.exit('a message')"),
  python("exit without cleaning up", "import os; print('lost'); os._exit(9)", { kernel: true }),
  python(
    "an interrupt",
    "import os, signal, atexit; atexit.register(print, 'hook'); os.kill(os.getpid(), signal.SIGINT)",
    { kernel: true },
  ),
  python("signal handlers", "import signal; print([str(signal.getsignal(s)) for s in (2, 13, 15, 17)])", {
    kernel: true,
  }),
  python(
    "exit hooks and destructors",
    "import atexit\nclass D:\n    def __del__(self): print('del')\nd = D()\natexit.register(lambda: print('hook'))\nprint('main')",
  ),
  python("destructors in cycles, in other modules and in closures", "", {
    files: {
      "main.py":
        "import other, random\nclass D:\n    def __init__(self, n): self.n = n; self.me = self\n    def __del__(self): print('del', self.n)\nd = D('cycle')\nrandom.kept = D('library')\ndef f(y=D('default')): return y\nprint('main')",
      "other.py": "class E:\n    def __del__(self): print('other')\ne = E()",
    },
  }),
  python(
    "a thread that outlives the main module",
    "import threading, time\nthreading.Thread(target=lambda: (time.sleep(0.1), print('thread', threading.main_thread().name))).start()\nprint('main')",
    { kernel: true },
  ),
  python(
    "input by lines and at once",
    "import sys; print(input('? ')); print(sys.stdin.readline()); print(repr(sys.stdin.read()))",
    { stdin: "é\nb\nc\nd", kernel: true },
  ),
  python(
    "streams",
    "import sys\nfor s in (sys.stdin, sys.stdout, sys.stderr): print(s.encoding, s.errors, s.line_buffering, s.isatty(), s.name, s.mode, s.fileno(), type(s.buffer).__name__)",
    { terminal: true, kernel: true },
  ),
  python("no end of line, no flush", "import sys; sys.stdout.write('no newline')", { terminal: true }),
  python(
    "an own excepthook",
    "import sys; sys.excepthook = lambda t, e, tb: print('mine', t.__name__, tb.tb_frame.f_code.co_filename); 1 / 0",
  ),
  python("a project file that hides a library module", "import random, statistics; print(random.mine)", {
    files: {
      "main.py": "import random, queue; print(random.mine, queue.Queue.__name__)",
      "random.py": "mine = 'project'",
    },
  }),
  python("packages and relative names", "", {
    entryPoint: "./tools/run.py",
    args: [],
    files: {
      "tools/run.py": "import sys, lib.deep; print(sys.path[0], __file__, sys.argv, lib.deep.where)",
      "tools/lib/__init__.py": "",
      "tools/lib/deep.py": "where = __name__",
    },
  }),
  python("a script that is not there", "", { entryPoint: "missing.py", args: [], files: {} }),
  python("a folder with a main module", "", {
    entryPoint: "app",
    args: [],
    files: {
      "app/__main__.py": "import sys; print(sys.argv, sys.orig_argv, sys.stdout.write_through, __name__, __package__)",
    },
  }),
  python(
    "process pools",
    "import multiprocessing as m\ndef f(x): return x * x\nif __name__ == '__main__':\n    with m.Pool(2) as p: print(p.map(f, [1, 2, 3]))",
    { kernel: true },
  ),
  python(
    "pickles of the main module's classes",
    "import pickle\nclass A: pass\nprint(pickle.loads(pickle.dumps(A())).__class__, A.__module__)",
  ),
  python("type annotations of the main module", "x: int = 1\nprint(__annotations__)"),
  python(
    "deep recursion",
    "import sys\ndef f(n): return 0 if n == 0 else 1 + f(n - 1)\nprint(f(900), sys.getrecursionlimit())\ntry: f(10**6)\nexcept RecursionError as e: print(e)",
    { kernel: true },
  ),
  python("warnings", "import warnings; warnings.warn('careful')"),
  python(
    "coroutines",
    "import asyncio\nasync def main(): await asyncio.sleep(0); print('async')\nasyncio.run(main())",
    { kernel: true },
  ),
  python(
    "descriptors",
    "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:3], all(os.get_inheritable(n) for n in (0, 1, 2)))",
    { kernel: true },
  ),
  python("variables", "import os; print(sorted(os.environ.items()))", { terminal: true, kernel: true }),
  python("a null byte in the source", "x = 1\0\n"),
  python("an encoding declaration", "# coding: latin-1\nprint('ok')"),
  node(
    "names, paths and the main module",
    {
      "main.js":
        "console.log(process.argv, process.argv0, process.execArgv, process.execPath, __filename, __dirname, require.main === module, module.id, module.parent, module.children, module.paths[0], process.mainModule === module, Object.keys(require.cache), process.cwd(), process.title)",
    },
    { terminal: true, kernel: true },
  ),
  node(
    "an uncaught error",
    { "main.js": "function f() { throw new TypeError('x') }\nf()" },
    { terminal: true, kernel: true },
  ),
  node("a syntax error", { "main.js": "let = = 1" }),
  node("an unhandled rejection", { "main.js": "Promise.reject(new Error('r'))" }),
  node("an uncaught error later", { "main.js": "setTimeout(() => { throw new Error('late') }, 10)" }),
  node(
    "an ES module",
    {
      "main.mjs":
        "import fs from 'node:fs'; import { x } from './x.mjs'; console.log(import.meta.url, import.meta.filename, import.meta.main, x, typeof require, await 5, process.argv)",
      "x.mjs": "export const x = 1;",
    },
    { terminal: true, kernel: true },
  ),
  node("an ES module by detection", {
    "main.js": "import fs from 'node:fs'; console.log(typeof fs.readFileSync, import.meta.dirname)",
  }),
  node("an ES module by package", {
    "main.js": "export {}; console.log(import.meta.url)",
    "package.json": '{"type": "module"}',
  }),
  node("an error in an ES module", { "main.mjs": "await 1; throw new RangeError('esm')" }),
  node("a missing import", { "main.mjs": "import './nothing.mjs'" }),
  node(
    "TypeScript",
    { "main.ts": "type A = { b: number }; const a: A = { b: 1 }; console.log(a, import.meta.filename); export {};" },
    { language: "typescript", terminal: true, kernel: true },
  ),
  node(
    "a TypeScript error",
    { "main.ts": "const a: number = 1;\nthrow new Error(`at ${a}`);" },
    { language: "typescript" },
  ),
  node(
    "TypeScript that cannot be stripped",
    { "main.ts": "enum A { B }\nconsole.log(A.B, Object.keys(require.cache), module.children, process.execArgv)" },
    { language: "typescript", terminal: true },
  ),
  node(
    "TypeScript in CommonJS",
    { "main.cts": "const a: number = 1; console.log(a, require.main === module, __filename)" },
    {
      language: "typescript",
    },
  ),
  node(
    "TypeScript where JavaScript waited",
    { "main.ts": "const a: number = 1; console.log(a, process.argv)" },
    { kernel: true },
  ),
  node(
    "JavaScript where TypeScript waited",
    { "main.js": "console.log(__filename, process.argv)" },
    {
      language: "typescript",
      kernel: true,
    },
  ),
  node(
    "exit codes and hooks",
    {
      "main.js":
        "process.on('exit', (c) => console.log('exit', c)); process.on('beforeExit', () => console.log('before')); process.exitCode = 5; console.log('main')",
    },
    { kernel: true },
  ),
  node(
    "exit at once",
    { "main.js": "process.on('exit', (c) => console.log('exit', c)); process.exit(6)" },
    { kernel: true },
  ),
  node("requires", {
    "main.js": "const o = require('./o'); console.log(o.parent, module.children.length, require('./o') === o)",
    "o.js": "exports.parent = module.parent.filename",
  }),
  node(
    "a script without its extension",
    { "main.js": "console.log(process.argv[1], __filename)" },
    { entryPoint: "./main", args: [] },
  ),
  node(
    "a folder with an index",
    { "app/index.js": "console.log(__filename, process.argv)" },
    { entryPoint: "app", args: [] },
  ),
  node("a script that is not there", {}, { entryPoint: "missing.js", args: [], kernel: true }),
  node(
    "input",
    {
      "main.js":
        "let s = ''; process.stdin.on('data', (d) => (s += d)).on('end', () => console.log(JSON.stringify(s)))",
    },
    { stdin: "é\nb", kernel: true },
  ),
  node(
    "input at once",
    { "main.js": "console.log(require('fs').readFileSync(0, 'utf8'))" },
    { stdin: "é\nb", kernel: true },
  ),
  node(
    "streams",
    {
      "main.js":
        "for (const s of [process.stdin, process.stdout, process.stderr]) console.log(s.fd, s.isTTY, s.constructor.name, s.columns, s.rows, s.writableHighWaterMark); console.log(process.stdout.hasColors?.())",
    },
    { terminal: true, kernel: true },
  ),
  node(
    "workers and forks",
    {
      "main.js":
        "const { Worker, isMainThread } = require('worker_threads'); if (process.argv[2] === 'child') console.log('child', process.execArgv); else if (isMainThread) { new Worker(__filename).on('exit', () => require('child_process').fork(__filename, ['child'])); } else console.log('worker', process.execArgv)",
    },
    { kernel: true },
  ),
  node(
    "variables",
    { "main.js": "console.log(Object.entries(process.env).sort(), process.allowedNodeEnvironmentFlags.size > 0)" },
    { terminal: true, kernel: true },
  ),
  node("warnings", { "main.js": "process.emitWarning('careful'); new Buffer(1)" }),
  node(
    "stack depth and limits",
    {
      "main.js":
        "console.log(new Error('here').stack); console.log(Error.stackTraceLimit, typeof Error.prepareStackTrace)",
    },
    { kernel: true },
  ),
  node("globals", {
    "main.js":
      "console.log(Object.getOwnPropertyNames(globalThis).sort().join(), require('module').builtinModules.length)",
  }),
  node(
    "open descriptors",
    {
      "main.js":
        "console.log(require('fs').readdirSync('/proc/self/fd').filter((n) => { try { return !/anon_inode|proc|pipe/.test(require('fs').readlinkSync('/proc/self/fd/' + n)) } catch { return false } }))",
    },
    { kernel: true },
  ),
];
