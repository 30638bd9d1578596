/** Projects as people bring them, written anew in tests/fixtures/project-shapes, and what Run alone does in each. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RunConfiguration } from "@atelier/contracts";
import {
  configurationsOf,
  createProjectView,
  type Environment,
  filesToRead,
  type KnownLanguage,
} from "@atelier/run-configurations";

const folder = join(import.meta.dirname, "../fixtures/project-shapes");

export type ShapeFile = { readonly path: string; readonly content: string };

export type Shape = {
  readonly id: string;
  /** What its author has open. */
  readonly open: string;
  /** The configuration that Run takes; undefined: the open file. */
  readonly run?: string;
  /** What Run prints. */
  readonly prints?: string;
  readonly test?: string;
  /** What the tests print, on either stream. */
  readonly testPrints?: string;
  /** Languages whose images it needs. */
  readonly languages: readonly string[];
  /** Other configurations. */
  readonly others?: readonly string[];
  /** One line: why Run alone can't run it, wherever it is. */
  readonly missing?: string;
  readonly testMissing?: string;
};

export const shapes: readonly Shape[] = [
  {
    id: "make-three-targets",
    open: "name.c",
    run: "greet",
    prints: "Hello, world",
    test: "make test",
    testPrints: "all tests passed",
    languages: ["c"],
    others: ["make", "make clean"],
  },
  {
    id: "c-makefile-cc",
    open: "sum.c",
    run: "sum",
    prints: "0",
    test: "make check",
    testPrints: "= 6",
    languages: ["c"],
    others: ["make"],
  },
  {
    id: "cargo-workspace",
    open: "crates/words/src/lib.rs",
    run: "cargo run cli",
    prints: "workspace",
    test: "cargo test",
    testPrints: "1 passed",
    languages: ["rust"],
  },
  {
    id: "rust-bins",
    open: "src/lib.rs",
    run: "cargo run server",
    prints: "this is the server",
    test: "cargo test",
    languages: ["rust"],
    others: ["cargo run client"],
  },
  {
    id: "go-internal",
    open: "internal/text/reverse.go",
    run: "go run ./cmd/tool",
    prints: "internal",
    test: "go test",
    testPrints: "ok",
    languages: ["go"],
  },
  { id: "cmake-library", open: "lib/shape.c", run: "area", prints: "area 42", languages: ["c"] },
  {
    id: "cmake-tests",
    open: "src/stack.hpp",
    run: "stack-demo",
    prints: "popped 42",
    test: "ctest",
    testPrints: "100% tests passed",
    languages: ["cpp", "c"],
    others: ["stack-test"],
  },
  {
    id: "wsgi-tests",
    open: "README.md",
    run: "serve app.py",
    test: "python -m unittest",
    testPrints: "Ran 2 tests",
    languages: ["python"],
  },
  {
    id: "typescript-aliases",
    open: "src/text.ts",
    run: "src/main.ts",
    prints: "ALIASES WORK!",
    languages: ["typescript"],
  },
  {
    id: "rake",
    open: "lib/greeter.rb",
    run: "rake",
    prints: "Hello, Rake",
    test: "rake test",
    testPrints: "1 runs",
    languages: ["ruby"],
    others: ["rake greet", "rake db:seed"],
  },
  { id: "ruby-plain", open: "main.rb", run: "ruby main.rb", prints: "counted to 3", languages: ["ruby"] },
  { id: "kotlin-three-files", open: "Book.kt", run: "MainKt", prints: "Java", languages: ["kotlin"] },
  {
    id: "npm-scripts",
    open: "src/add.js",
    run: "npm start",
    prints: "prepared\nsum 42",
    test: "npm test",
    testPrints: "pass 1",
    languages: ["javascript"],
  },
  {
    id: "npm-packages",
    open: "server.js",
    run: "npm start",
    missing: "needs packages express; packages are not installed yet",
    test: "npm test",
    testMissing: "needs packages express, vitest; packages are not installed yet",
    languages: ["javascript"],
    others: ["npm dev"],
  },
  {
    id: "python-main",
    open: "inventory/count.py",
    run: "python -m inventory",
    prints: "counted {'a': 2, 'b': 1}",
    languages: ["python"],
  },
  {
    id: "python-src-layout",
    open: "src/fib/__init__.py",
    run: "fib",
    prints: "fib(10) = 55",
    test: "python -m unittest",
    testPrints: "Ran 1 test",
    languages: ["python"],
  },
  {
    id: "java-packages",
    open: "com/example/text/Text.java",
    run: "com.example.app.Main",
    prints: "several packages",
    languages: ["java"],
  },
  {
    id: "maven-plain",
    open: "src/main/java/com/example/App.java",
    run: "java com.example.App",
    prints: "Hello from a resource",
    test: "mvn test",
    testMissing: "needs packages junit-jupiter; packages are not installed yet",
    languages: ["java"],
  },
  { id: "csharp-project", open: "Counter.cs", run: "Tool", prints: "3", languages: ["csharp"] },
  {
    id: "dub-project",
    open: "source/greeting.d",
    run: "dubbed",
    prints: "Hello, dub",
    test: "dub test",
    languages: ["d"],
  },
  {
    id: "shard-project",
    open: "src/tally/counter.cr",
    run: "tally",
    prints: "2",
    test: "crystal spec",
    testMissing: "needs packages ameba; packages are not installed yet",
    languages: ["crystal"],
  },
  {
    id: "mix-project",
    open: "lib/mixed/cli.ex",
    run: "mix run",
    prints: "mixed 0",
    test: "mix test",
    testPrints: "0 failures",
    languages: ["elixir"],
  },
  {
    id: "atelier-file",
    open: "report.sh",
    run: "Report",
    prints: "sales of 2026: 42 EUR\nnote: all paid",
    test: "Test",
    languages: ["bash"],
    others: ["Only one file"],
  },
];

export const shapeFolders = (): string[] => readdirSync(folder).toSorted();

export const filesOfShape = (id: string): ShapeFile[] =>
  readdirSync(join(folder, id), { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, id, path)).isFile())
    .toSorted()
    .map((path) => ({ path, content: readFileSync(join(folder, id, path), "utf8") }));

/** What a server with this environment offers in the shape. */
export const configurationsOfShape = ({ id }: Pick<Shape, "id">, environment: Environment): RunConfiguration[] => {
  const files = filesOfShape(id).map(({ path, content }) => ({ path, content, size: Buffer.byteLength(content) }));
  const wanted = new Set(filesToRead(files));
  const texts = new Map(files.filter(({ path }) => wanted.has(path)).map(({ path, content }) => [path, content]));
  return configurationsOf(createProjectView(files, texts), environment);
};

const language = (id: string, extensions: string[], tools: string[] = []): KnownLanguage => ({
  id,
  name: id,
  extensions,
  tools,
});

/** A server that has every language and tool which the shapes need. */
export const everything: Environment = {
  languages: [
    language("python", [".py"], ["python3"]),
    language("javascript", [".js", ".mjs", ".cjs"], ["node"]),
    language("typescript", [".ts", ".tsx"]),
    language("c", [".c"], ["gcc", "cc", "make", "cmake"]),
    language("cpp", [".cpp", ".cc"], ["g++"]),
    language("bash", [".sh"], ["bash"]),
    language("rust", [".rs"], ["cargo", "rustc"]),
    language("go", [".go"], ["go"]),
    language("ruby", [".rb"], ["ruby", "rake"]),
    language("kotlin", [".kt"]),
    language("java", [".java"], ["java", "javac", "mvn"]),
    language("csharp", [".cs"], ["mcs"]),
    language("d", [".d"], ["dub"]),
    language("crystal", [".cr"], ["crystal"]),
    language("elixir", [".ex", ".exs"], ["mix"]),
  ],
};
