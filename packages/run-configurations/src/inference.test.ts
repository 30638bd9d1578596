import { describe, expect, it } from "vitest";
import { filesToRead } from "./project-view.ts";
import { configurationsIn } from "./test-project.ts";

const namesIn = (files: Record<string, string>): string[] => configurationsIn(files).map(({ name }) => name);
const find = (files: Record<string, string>, name: string) => configurationsIn(files).find((one) => one.name === name);

describe("inference", () => {
  it("scripts that need a package say which, others run without npm", () => {
    const files = {
      "package.json": JSON.stringify({
        scripts: {
          start: "NODE_ENV=production node a.js --port 8080",
          build: "tsc -p . && node b.js",
          nested: "npm run build",
          test: 'echo "Error: no test specified" && exit 1',
          typed: "tsx src/a.ts --flag",
          prebuild: "node c.js",
        },
        devDependencies: { typescript: "7" },
      }),
      "src/a.ts": "",
      "a.js": "",
    };
    expect(find(files, "npm start")).toMatchObject({
      command: 'node --run start -- "$@"',
      port: 8080,
      languages: ["javascript"],
    });
    expect(find(files, "npm start")).not.toHaveProperty("unavailable");
    expect(find(files, "npm build")).toMatchObject({
      command: 'node --run prebuild && node --run build -- "$@"',
      unavailable: "needs packages typescript; packages are not installed yet",
    });
    expect(find(files, "npm nested")?.unavailable).toBe("needs npm: not installed on this server");
    expect(find(files, "npm typed")).toMatchObject({
      language: "typescript",
      entryPoint: "src/a.ts",
      args: ["--flag"],
    });
    expect(namesIn(files)).not.toContain("npm test");
    expect(namesIn(files)).not.toContain("npm prebuild");
  });

  it("a package without scripts starts its main file", () => {
    expect(find({ "package.json": '{"main": "./lib/x.js"}', "lib/x.js": "" }, "node lib/x.js")).toMatchObject({
      language: "javascript",
      entryPoint: "lib/x.js",
    });
  });

  it("a Makefile with a run target builds what it needs first", () => {
    const makefile = "app: a.c\n\t$(CC) -o $@ $<\nrun: app\n\t./app\ncheck test: app\n\ttrue\n.PHONY: run\n";
    expect(find({ Makefile: makefile, "a.c": "" }, "make run")).toMatchObject({
      kind: "run",
      compile: "make --silent app",
      command: 'make --silent run "$@"',
      languages: ["c"],
    });
    expect(namesIn({ Makefile: makefile })).toEqual(["make run", "make check", "make test", "make", "make app"]);
  });

  it("words of a manifest stay words of a shell", () => {
    const hostile = "x'; touch /tmp/y; '";
    const { command } =
      find({ "package.json": JSON.stringify({ scripts: { [hostile]: "node a.js" } }) }, `npm ${hostile}`) ?? {};
    expect(command).toBe(String.raw`node --run 'x'\''; touch /tmp/y; '\''' -- "$@"`);
    expect(namesIn({ Makefile: "a`b`:\n\ttrue\n$(shell x):\n\ttrue\n;y:\n" })).toEqual([]);
    const cargo = find({ "Cargo.toml": `[package]\nname = "a b$(x)"`, "src/main.rs": "" }, "cargo run a b$(x)");
    expect(cargo?.command).toBe(`cargo run --quiet --package 'a b$(x)' --bin 'a b$(x)' -- "$@"`);
    expect(configurationsIn({ "pyproject.toml": `[project.scripts]\na = "os:system('x')"` })).toEqual([]);
  });

  it("a Cargo workspace has the binaries of its members, and packages of a registry are named", () => {
    const files = {
      "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\n[workspace.dependencies]\nserde = "1"\nb = { path = "b" }',
      "a/Cargo.toml": '[package]\nname = "a"\n[dependencies]\nserde = { workspace = true }\nb = { workspace = true }',
      "a/src/main.rs": "",
      "b/Cargo.toml":
        '[package]\nname = "b"\n[[bin]]\nname = "tool"\npath = "src/t.rs"\n[dev-dependencies]\nrand = "1"',
      "b/src/t.rs": "",
    };
    expect(find(files, "cargo run a")?.unavailable).toBe("needs packages serde; packages are not installed yet");
    expect(find(files, "cargo run tool")).not.toHaveProperty("unavailable");
    expect(find(files, "cargo test")?.unavailable).toBe("needs packages serde, rand; packages are not installed yet");
    expect(namesIn(files)).toEqual(["cargo run a", "cargo run tool", "cargo test"]);
  });

  it("a Go module needs what it requires directly, unless it is vendored", () => {
    const files = {
      "go.mod": "module x\n\nrequire (\n\tgithub.com/a/b v1.0.0\n\tgithub.com/c/d v1.0.0 // indirect\n)\n",
      "main.go": "package main\n\nfunc main() {}\n",
    };
    expect(find(files, "go run .")?.unavailable).toBe("needs packages github.com/a/b; packages are not installed yet");
    expect(find({ ...files, "vendor/modules.txt": "" }, "go run .")).not.toHaveProperty("unavailable");
  });

  it("tests of pytest say that it is missing", () => {
    const files = { "test_a.py": "import pytest\n\ndef test_a(): pass\n" };
    expect(find(files, "pytest")?.unavailable).toBe("needs packages pytest; packages are not installed yet");
  });

  it("[RC3] names are unique, short and without control characters", () => {
    const scripts = { start: "node a.js", ["x".repeat(300)]: "node a.js", "a\u0007b": "node a.js" };
    const found = configurationsIn({
      "package.json": JSON.stringify({ scripts }),
      "web/package.json": JSON.stringify({ scripts }),
    });
    const names = found.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("npm start");
    expect(names).toContain("npm start (web)");
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(names.filter((name) => name.length > 100 || /[\u0000-\u001f]/u.test(name))).toEqual([]);
  });

  it("[RC10] packages and build results are not looked into", () => {
    const manifest = '{"scripts":{"start":"node a.js"}}';
    for (const folder of ["node_modules/x", "vendor/x", "target/x", "a/dist", ".venv/lib"]) {
      expect(configurationsIn({ [`${folder}/package.json`]: manifest }), folder).toEqual([]);
    }
  });

  const hostile: [string, string, string][] = [
    ["package.json", "deep", "[".repeat(200_000)],
    [
      "package.json",
      "wide",
      `{"scripts":{${Array.from({ length: 9000 }, (_, i) => `"s${i}":"node a.js"`).join(",")}}}`,
    ],
    ["package.json", "types", '{"scripts":[1,{"start":3}],"dependencies":"x","bin":[],"main":{}}'],
    [
      "package.json",
      "prototype",
      '{"__proto__":{"scripts":{"start":"x"}},"scripts":{"constructor":"node a","__proto__":"node b"}}',
    ],
    ["package.json", "spaces", JSON.stringify({ scripts: { start: `${"a ".repeat(2000)}&& b` } })],
    ["Cargo.toml", "deep", `a = ${"[".repeat(100_000)}`],
    ["Cargo.toml", "types", 'package = 3\nbin = [1, "x"]\nworkspace = []'],
    ["Cargo.toml", "dots", `[${"a.".repeat(60_000)}a]`],
    [
      "shard.yml",
      "aliases",
      `a: &a [x, x]\n${Array.from({ length: 30 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? "a" : `b${i - 1}`}, *${i === 0 ? "a" : `b${i - 1}`}]`).join("\n")}`,
    ],
    ["shard.yml", "deep", Array.from({ length: 600 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    [
      "Makefile",
      "variables",
      `A0 = ${"x".repeat(900)}\n${Array.from({ length: 1500 }, (_, i) => `A${i + 1} = ${`$(A${i})`.repeat(20)}\n$(A${i}): $(A${i})\n\t-o $(A${i})`).join("\n")}`,
    ],
    ["Makefile", "continued", "a \\\n".repeat(60_000)],
    ["go.mod", "unclosed", "require (\n".repeat(20_000)],
    ["pom.xml", "unclosed", "<project>".repeat(25_000)],
    ["pom.xml", "attributes", `<a ${"b=".repeat(100_000)}>`],
    ["pom.xml", "comments", "<!--".repeat(60_000)],
    ["build.gradle", "quotes", `implementation(${'"a:'.repeat(80_000)}`],
    ["CMakeLists.txt", "parentheses", "add_executable(".repeat(17_000)],
    ["CMakeLists.txt", "expansion", `set(A ${"${A}".repeat(1000)})\n`.repeat(60)],
    ["pyproject.toml", "types", "project = [1]\ntool = 3"],
    ["Rakefile", "namespaces", "namespace :a do\n".repeat(16_000)],
    ["Gemfile", "spaces", `gem ${" ".repeat(200_000)}`],
    ["mix.exs", "braces", "{:a, ".repeat(50_000)],
    ["dub.json", "types", '{"name":[],"sourcePaths":{"a":1},"targetType":5}'],
    ["x.csproj", "tags", "<PackageReference Include=".repeat(10_000)],
    ["Main.java", "spaces", `static${" ".repeat(60_000)}void`],
    ["app.py", "lines", "app \n".repeat(13_000)],
    ["package.json", "binary", "\u0000\ud800{"],
  ];
  it.each(hostile)("[RC9] %s with hostile %s is read, or is as if it were not there", (path, _, text) => {
    const found = configurationsIn({ [path]: text, "a.js": "", "src/main.rs": "", "lib/B.java": "class B {}" });
    expect(found.length).toBeLessThanOrEqual(100);
    for (const one of found) expect(one.name.isWellFormed()).toBe(true);
  });

  it("[RC9] of a large table of texts only the beginning is read", () => {
    const dependencies = Object.fromEntries(Array.from({ length: 15_000 }, (_, i) => [`d${i}`, "1"]));
    const [start] = configurationsIn({
      "package.json": JSON.stringify({ scripts: { start: "node a.js" }, dependencies }),
    });
    expect(start?.unavailable).toMatch(/ and 1996 more; packages/u);
  });

  it("[RC9] what is asked for is bounded, whatever the project has", () => {
    const files = [
      ...Array.from({ length: 500 }, (_, i) => ({ path: `p${i}/package.json`, size: 100_000 })),
      ...Array.from({ length: 500 }, (_, i) => ({ path: `s${i}.py`, size: 60_000 })),
      { path: "Makefile", size: 262_145 },
      { path: "big.go", size: 65_537 },
      { path: "a/b/c/d/e/package.json", size: 10 },
      { path: "atelier.json", size: 10 },
    ];
    const wanted = filesToRead(files);
    const sizes = new Map(files.map(({ path, size }) => [path, size]));
    expect(wanted.reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0)).toBeLessThanOrEqual(2_097_152);
    expect(wanted[0]).toBe("atelier.json");
    expect(wanted.filter((path) => path.endsWith("package.json")).length).toBeLessThanOrEqual(40);
    expect(wanted).not.toContain("Makefile");
    expect(wanted).not.toContain("big.go");
    expect(wanted).not.toContain("a/b/c/d/e/package.json");
  });
});
