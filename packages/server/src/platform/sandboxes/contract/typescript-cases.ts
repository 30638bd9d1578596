/** The contract's table of TypeScript programs that Node alone cannot run, with the exact output of each. */

/** One project; its entry point is the first file. */
export type TypeScriptCase = {
  readonly name: string;
  readonly files: Readonly<Record<string, string>>;
  readonly stdout: string;
  /** Parts of standard error, each on its own line, in this order; the program must then fail with exit code 1. */
  readonly stderr?: readonly string[];
  /** Files, threads and stacks of the kernel have a part in it: `npm test` runs it in gVisor as well. */
  readonly kernel?: true;
};

const one = (code: string, rest: Omit<TypeScriptCase, "files" | "name">, name: string): TypeScriptCase => ({
  name,
  files: { "main.ts": code },
  ...rest,
});

const tsconfig = (compilerOptions: object, rest: object = {}): string => JSON.stringify({ compilerOptions, ...rest });

/** The table. */
export const typescriptCases: readonly TypeScriptCase[] = [
  one(
    "enum Color { Red, Green = 'g' }\nconst enum Flag { A = 1 << 2 }\nconsole.log(Color.Red, Color[0], Color.Green, Flag.A)",
    { stdout: "0 Red g 4\n" },
    "enums",
  ),
  one(
    "class Point { constructor(public readonly x: number, private y = 2) {} sum(): number { return this.x + this.y; } }\nconst p = new Point(1); console.log(p.x, p.sum(), p)",
    { stdout: "1 3 Point { x: 1, y: 2 }\n" },
    "parameter properties",
  ),
  one(
    "namespace Outer { export namespace Inner { export const x: number = 3; } export const y = Inner.x + 1; }\nnamespace Outer { export const z = y + 1; }\nconsole.log(Outer.Inner.x, Outer.y, Outer.z)",
    { stdout: "3 4 5\n" },
    "namespaces that are merged",
  ),
  one(
    "function log(value: Function, context: ClassMethodDecoratorContext) { console.log(context.kind, String(context.name)); return value as never; }\nclass A { @log hello() { return 'hi'; } }\nconsole.log(new A().hello())",
    { stdout: "method hello\nhi\n" },
    "decorators of the standard",
  ),
  {
    name: "decorators as before the standard, with metadata",
    files: {
      "main.ts":
        "(Reflect as any).metadata = (k: string, v: any) => () => console.log(k, v.name ?? v.map((x: any) => x.name));\nfunction dec(target: any, key: string, d: PropertyDescriptor) { console.log(typeof target, key, typeof d.value); }\nfunction par(target: any, key: string, index: number) { console.log(key, index); }\nclass A { @dec m(@par a: number): string { return String(a); } }\nconsole.log(new A().m(1))",
      "tsconfig.json": tsconfig({ experimentalDecorators: true, emitDecoratorMetadata: true }),
    },
    stdout:
      "design:returntype String\ndesign:paramtypes [ 'Number' ]\ndesign:type Function\nm 0\nobject m function\n1\n",
  },
  {
    name: "JSX with a pragma, and elements that are left to a runtime of the project",
    files: {
      "main.tsx":
        '/** @jsx h */\nconst h = (tag: string, props: object | null, ...children: unknown[]) => ({ tag, props, children });\nconsole.log(JSON.stringify(<p id="a">{[1].map((x: number) => <b>{x}</b>)}</p>));',
    },
    stdout: '{"tag":"p","props":{"id":"a"},"children":[[{"tag":"b","props":null,"children":[1]}]]}\n',
  },
  {
    name: "JSX by tsconfig.json",
    files: {
      "main.tsx": 'console.log(<i title="t">x</i>)',
      "tsconfig.json":
        '{ // comment\n  "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "@/dom", "paths": { "@/*": ["./src/*"] }, } }',
      "src/dom/jsx-runtime.ts":
        "export const jsx = (tag: string, props: { title: string; children: string }) => `${tag}:${props.title}:${props.children}`;",
    },
    stdout: "i:t:x\n",
  },
  {
    name: "imports without an extension, of a folder, and by the name of the JavaScript to be",
    kernel: true,
    files: {
      "main.ts":
        "import { a } from './util';\nimport { b } from './util.js';\nimport c, { type Shape } from './lib';\nimport { d } from './view.js';\nconst s: Shape = { v: a + b }; console.log(s.v, c, d, (await import('./util')).a)",
      "util.ts": "export const a = 1, b = 2;",
      "lib/index.ts": "export interface Shape { v: number }\nexport default 'folder';",
      "view.tsx": "export const d = 'tsx';",
    },
    stdout: "3 folder tsx 1\n",
  },
  {
    name: "types that are imported without saying so are left out",
    files: {
      "main.ts":
        "import { Shape, make } from './shapes';\nimport type { Other } from './nowhere';\nconst s: Shape = make(); const o: Other | undefined = undefined; console.log(s.v, o)",
      "shapes.ts": "export interface Shape { v: number }\nexport const make = (): Shape => ({ v: 7 });",
    },
    stdout: "7 undefined\n",
  },
  {
    name: "CommonJS: require, module.exports, import = and export =",
    files: {
      "main.ts":
        "const { E } = require('./e') as typeof import('./e');\nimport fs = require('node:fs');\nconsole.log(E.A, typeof fs.readFileSync, require.main === module, __filename, __dirname)",
      "e.ts": "enum E { A = 3 }\nmodule.exports = { E };",
    },
    stdout: "3 function true /project/main.ts /project\n",
  },
  {
    name: "import beside require, __dirname and a package of type commonjs",
    files: {
      "main.ts":
        "import { readdirSync } from 'node:fs';\nimport { x } from './x';\nconst y: number = require('./y.cts').y;\nif (require.main === module) console.log(readdirSync(__dirname).length, x, y, typeof __filename)",
      "x.ts": "export const x: string = 'x';",
      "y.cts": "import { x } from './x';\nexport const y: string = x + 'y';",
      "package.json": '{ "type": "commonjs" }',
    },
    stdout: "4 x xy string\n",
  },
  {
    name: "types that are exported again without saying so are left out",
    files: {
      "main.ts":
        "import { make, type Shape, Kind, Both } from './lib';\nconst s: Shape = make(); console.log(s.v, Kind.A, Both.x)",
      "lib/index.ts": "export { make, Shape, Kind as Kind, Id } from './shapes';\nexport { Both } from './both.js';",
      "lib/shapes.ts":
        "export interface Shape { v: number }\nexport type Id = string;\nexport enum Kind { A = 4 }\nexport const make = (): Shape => ({ v: 7 });",
      "lib/both.ts": "export interface Both { y: number }\nexport const Both = { x: 'value' };",
    },
    stdout: "7 4 value\n",
  },
  {
    name: "names of CommonJS that a module has for itself",
    files: {
      "main.ts":
        "import { join } from 'node:path';\nconst { module, require } = { module: 1, require: 2 };\nconst __dirname = 'own';\nconsole.log(module, require, join('a', 'b'), __dirname);",
    },
    stdout: "1 2 a/b own\n",
  },
  {
    name: "tsconfig.json: extends, baseUrl and paths",
    kernel: true,
    files: {
      "src/main.ts":
        "import { a } from '@lib/a';\nimport { b } from 'lib/b';\nimport { c } from 'exact';\nconsole.log(a, b, c)",
      "src/lib/a.ts": "export const a = 'a';",
      "src/lib/b.ts": "export const b = 'b';",
      "src/lib/c.ts": "export const c = 'c';",
      "tsconfig.json": tsconfig({ paths: { "@lib/*": ["lib/*"], exact: ["lib/c"] } }, { extends: "./base" }),
      "base.json": tsconfig({ baseUrl: "src" }),
    },
    stdout: "a b c\n",
  },
  {
    name: "class fields of an older target are assigned, those of today are defined",
    files: {
      "main.ts":
        "import './old/main'; import { show } from './show';\nclass A { set v(x: number) { console.log('set', x); } }\nclass B extends A { declare v: number; w = 1; }\nclass C extends A { v = 2; } show(new B(), new C());",
      "show.ts":
        "export const show = (...all: object[]): void => console.log(...all.map((each) => Object.keys(each).join()));",
      "old/main.ts":
        "class A { set v(x: number) { console.log('set', x); } }\nclass B extends A { v = 3; u?: number; }\nconsole.log(Object.keys(new B()));",
      "old/tsconfig.json": tsconfig({ target: "ES2020" }),
    },
    stdout: "set 3\n[]\nw v\n",
  },
  {
    name: "a worker of a project",
    kernel: true,
    files: {
      "main.ts":
        "import { Worker } from 'node:worker_threads';\nnew Worker(new URL('./worker.ts', import.meta.url)).on('message', (m: string) => console.log(m));",
      "worker.ts": "import { parentPort } from 'node:worker_threads';\nenum E { A = 5 }\nparentPort?.postMessage(E.A);",
    },
    stdout: "5\n",
  },
  {
    name: "errors name the line and the column of the source",
    kernel: true,
    files: {
      "main.ts":
        "import { run } from './deep';\ninterface Wide {\n  a: number;\n  b: string;\n}\nenum E { A }\nrun({ a: E.A, b: '' } as Wide);",
      "deep.ts":
        "type T = {\n  a: number;\n};\nexport function run(t: T): never {\n  throw new RangeError(`a is ${t.a}`);\n}",
    },
    stdout: "",
    stderr: [
      "/project/deep.ts:5",
      "  throw new RangeError(`a is ${t.a}`);",
      "RangeError: a is 0",
      "at run (/project/deep.ts:5:9)",
      "/project/main.ts:7:1",
    ],
  },
  one(
    "const word = 'é';\nconst x: number = ;",
    { stdout: "", stderr: ["/project/main.ts:2", "const x: number = ;", "SyntaxError: ", "/project/main.ts:2:19"] },
    "what is no TypeScript is a syntax error at its position",
  ),
  one(
    "class A { @(1 + ) m() {} }",
    { stdout: "", stderr: ["/project/main.ts:1", "SyntaxError: "] },
    "what is no TypeScript, beside decorators",
  ),
  one(
    "const x: number = 'text' as unknown as number; const y: string = 5;\nconsole.log(x, y)",
    { stdout: "text 5\n" },
    "wrong types stop no run",
  ),
];
