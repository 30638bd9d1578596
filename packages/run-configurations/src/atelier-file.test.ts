import { describe, expect, it } from "vitest";
import { readAtelierFile } from "./atelier-file.ts";
import { atelierJsonSchema } from "./atelier-schema.ts";
import { configurationsIn, environment, viewOf } from "./test-project.ts";

const read = (text: string, files: Record<string, string> = { "main.py": "" }) =>
  readAtelierFile(text, { view: viewOf(files), environment });
const faultsOf = (text: string): string[] =>
  read(text).faults.map(({ at, line, column, message }) => `${line}:${column} ${at}: ${message}`);

describe("atelier.json", () => {
  it("has one configuration or several, with comments", () => {
    const { configurations, faults } = read(`{
      // one
      "run": { "command": "python3 main.py", "args": ["a"], "env": { "A": "b" }, "stdin": "text", "port": 8080 },
      "test": [{ "command": ["node", "--test"] }, { "name": "lint", "command": "make lint" }],
      "tasks": { "name": "one file", "language": "python", "entryPoint": "main.py" },
    }`);
    expect(faults).toEqual([]);
    expect(configurations).toEqual([
      {
        name: "Run",
        kind: "run",
        test: false,
        command: "python3 main.py",
        args: ["a"],
        env: { A: "b" },
        stdin: "text",
        port: 8080,
        inferred: false,
        source: "atelier.json",
        languages: ["python"],
      },
      expect.objectContaining({ name: "Test", kind: "task", test: true, languages: ["javascript"] }),
      expect.objectContaining({ name: "lint", kind: "task", test: true, languages: ["c"] }),
      expect.objectContaining({ name: "one file", kind: "task", test: false, languages: ["python"] }),
    ]);
  });

  it.each([
    [
      '{\n  "run": {\n    "comand": "x"\n  }\n}',
      ['3:15 run.comand: There is no setting "comand".', "2:10 run: `command`"],
    ],
    ['{ "run": { "command": "x", "entryPoint": "a" } }', ["1:10 run: Give either `command`, or `language`"]],
    ['{ "run": { "language": "python" } }', ["1:10 run: `entryPoint` is missing."]],
    ['{ "run": { "language": "python", "entryPoint": "../a" } }', ["1:48 run.entryPoint: A path has no part named"]],
    ['{ "run": [{ "command": "x" },\n { "command": 3 }] }', ["2:15 run[1].command: A command is a line for the shell"]],
    ['{ "run": { "command": ["a=b"] } }', ["1:23 run.command: The first element is the program: not empty"]],
    ['{ "run": { "command": "x", "args": "a b" } }', ["1:36 run.args: Invalid input: expected array"]],
    ['{ "run": { "command": "x", "env": { "A B": "c" } } }', ["1:44 run.env.A B: "]],
    ['{ "run": { "command": "x", "stdin": 3 } }', ["1:37 run.stdin: The input is a text, or"]],
    ['{ "run": { "command": "x", "port": 70000 } }', ["1:36 run.port: Too big"]],
    ['{ "run": { "language": "c", "entryPoint": "a.c", "compile": "x" } }', ["1:61 run.compile: `compile` goes with"]],
    [
      '{ "run": [{ "name": "a", "command": "x" }, { "name": "a", "command": "y" }] }',
      ['1:54 run[1].name: The name "a" is given twice.'],
    ],
    ['{ "rum": {} }', ['1:10 rum: There is no setting "rum".']],
    ['{ "infer": 1 }', ["1:12 infer: This is true or false."]],
    ['{\n  "run": { "command": "x" }\n  "test": {}\n}', ["3:3 : A comma is missing here."]],
    ['{ "run": { "command": "x" }', ["1:28 : A closing brace is missing."]],
    ["[]", ["1:1 : The file is an object"]],
    ["", ["1:1 : A value is missing here."]],
    ["[".repeat(100_000), ["1:1 : Its values are nested too deep."]],
    ['{"__proto__": {"command": "x"}}', ['1:15 __proto__: There is no setting "__proto__".']],
  ])("[RC7] %s: the fault says where", (text, expected) => {
    const faults = faultsOf(text);
    expect(faults.length).toBe(expected.length);
    for (const [at, fault] of faults.entries()) expect(fault.startsWith(expected[at] ?? "?"), fault).toBe(true);
  });

  it("[RC7] a faulty entry is listed with its fault, and the others work", () => {
    const { configurations } = read('{ "run": [{ "command": 3 }, { "name": "good", "command": "true" }] }');
    expect(configurations).toEqual([
      expect.objectContaining({
        name: "run[0]",
        unavailable: expect.stringMatching(/^atelier\.json, line 1: A command/u),
      }),
      expect.objectContaining({ name: "good", kind: "run" }),
    ]);
    expect(configurations[1]).not.toHaveProperty("unavailable");
    const [broken] = read("{").configurations;
    expect(broken).toMatchObject({
      name: "atelier.json",
      kind: "run",
      unavailable: "atelier.json, line 1: A closing brace is missing.",
    });
  });

  it("[RC9] names at most twenty faults, and is listed once", () => {
    const many = (wrap: (settings: string) => string) =>
      read(wrap(Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join(",")));
    for (const { faults, configurations } of [many((text) => `{${text}}`), many((text) => `{"run":{${text}}}`)]) {
      expect(faults.length).toBe(20);
      expect(configurations.length).toBe(1);
    }
  });

  it("[RC9] closing brackets in a string do not hide how deep a file nests", () => {
    const deep = `${"[".repeat(60_000)}${"]".repeat(60_000)}`;
    expect(faultsOf(`{"$schema":"\\"${"]".repeat(90_000)}","run":${deep}}`)).toEqual([
      "1:1 : Its values are nested too deep.",
    ]);
    expect(faultsOf(`{"$schema":"${"[".repeat(1000)}","run":{"command":"x"}}`)).toEqual([]);
  });

  it("[RC2] a language or a program that is named like a property of every object is as unknown as any other", () => {
    const { configurations } = read('{"run":{"command":"x","languages":["constructor"]}}');
    expect(configurations[0]?.unavailable).toBe("needs constructor: not installed on this server");
    const [start] = configurationsIn({ "package.json": '{"scripts":{"start":"toString a"}}' });
    expect(start?.unavailable).toBe("needs packages toString; packages are not installed yet");
  });

  it("[RC9] a file that is too large says so", () => {
    const text = JSON.stringify({ run: { command: "true", args: ["x".repeat(300_000)] } });
    expect(configurationsIn({ "atelier.json": text })).toEqual([
      expect.objectContaining({
        name: "atelier.json",
        unavailable: "atelier.json, line 1: The file is larger than 256 KiB.",
      }),
    ]);
  });

  it("[RC2] says when a file, a language or a tool is not there", () => {
    const unavailable = (run: object): string | undefined =>
      read(JSON.stringify({ run })).configurations[0]?.unavailable;
    expect(unavailable({ language: "python", entryPoint: "gone.py" })).toBe('there is no file "gone.py"');
    expect(unavailable({ command: "true", stdin: { file: "in.txt" } })).toBe('there is no file "in.txt"');
    expect(unavailable({ language: "cobol", entryPoint: "main.py" })).toBe("needs cobol: not installed on this server");
    expect(unavailable({ command: "cat main.py", languages: ["rust", "fortran"] })).toBe(
      "needs fortran: not installed on this server",
    );
    expect(unavailable({ command: "FOO=1 cargo run && ./x | sort" })).toBeUndefined();
  });

  it("[RC3] its configurations go before inferred ones of their name, and may be the only ones", () => {
    const files = { Makefile: "run:\n\ttrue\ntest:\n\ttrue\n" };
    const names = (text: string) =>
      configurationsIn({ ...files, "atelier.json": text }).map(({ name, inferred }) => `${name} ${inferred}`);
    expect(names('{ "run": { "name": "make run", "command": "true" } }')).toEqual([
      "make run false",
      "make test true",
      "make true",
    ]);
    expect(names('{ "infer": false, "tasks": { "name": "x", "command": "true" } }')).toEqual(["x false"]);
    expect(names("{")).toContain("make run true");
  });

  it("[RC8] the JSON Schema has every setting with its description, and the languages", () => {
    const schema = atelierJsonSchema(["python", "c"]);
    expect(schema).toMatchObject({ title: "atelier.json", type: "object", additionalProperties: false });
    const { properties } = schema as {
      properties: Record<string, { anyOf: { properties: Record<string, object> }[] }>;
    };
    expect(Object.keys(properties)).toEqual(["$schema", "run", "test", "tasks", "infer"]);
    const settings = properties["run"]?.anyOf[0]?.properties ?? {};
    expect(Object.keys(settings)).toEqual([
      "name",
      "command",
      "language",
      "entryPoint",
      "args",
      "env",
      "stdin",
      "compile",
      "port",
      "folder",
      "languages",
    ]);
    for (const setting of Object.values(settings)) expect(setting).toHaveProperty("description");
    expect(settings["language"]).toMatchObject({ enum: ["python", "c"] });
  });
});
