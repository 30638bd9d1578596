/** The checker with the compiler, libraries and declarations that its worker has. */
import { readFileSync } from "node:fs";
import { libFileMap } from "monaco-editor/languages/features/typescript/lib/lib";
import { typescript } from "monaco-editor/languages/features/typescript/lib/typescriptServices";
import { describe, expect, test } from "vitest";
import { nodeDeclarations } from "./node-declarations.ts";
import { createTypeChecker } from "./type-checker.ts";

/** One for all tests, because reading the libraries is most of the work. */
const checker = createTypeChecker({ typescript, libraries: libFileMap, declarations: nodeDeclarations });
const given = new Set<string>();

/** Answers requests for texts as the page does; null is a file that cannot be read. */
const checkWith = (files: Record<string, string | null>, path: string) => {
  checker.update(
    [...given].map((each) => [each, undefined]),
    Object.keys(files),
  );
  for (const each of Object.keys(files)) given.add(each);
  for (const _ of Object.keys(files)) {
    const result = checker.check(path);
    if (result.kind === "problems") return result.problems;
    checker.update(result.paths.map((each) => [each, files[each]]));
  }
  const last = checker.check(path);
  if (last.kind === "wanted") throw new Error(`asks again and again for ${last.paths.join(", ")}`);
  return last.problems;
};
const found = (files: Record<string, string | null>, path = "main.ts"): string[] =>
  checkWith(files, path).map(({ line, code }) => `${line}: ${code}`);

describe("what runs has no problems", () => {
  test("the sample", () => {
    const sample = readFileSync(new URL("../../../../../../languages/typescript/main.ts", import.meta.url), "utf8");
    expect(found({ "main.ts": sample })).toEqual([]);
  });

  test("what Node gives", () => {
    const text = `
      import fs = require("node:fs");
      import { readFile } from "node:fs/promises";
      import path from "path";
      console.log(process.argv, Buffer.from("a"), fs.existsSync(__filename), path.sep, import.meta.dirname);
      const timer = setTimeout(() => clearTimeout(timer), 1);
      const answer: Response = await fetch(new URL("http://localhost"));
      console.log(await answer.json(), structuredClone([1].at(-1)), Object.groupBy([1], () => "a"), await readFile("x"));
      const name = "global elsewhere";
      module.exports = { name };
    `;
    expect(found({ "main.ts": text })).toEqual([]);
  });

  test("imports without extension, by .js, by .ts, of JSON, of JavaScript and by the names of tsconfig.json", () => {
    const files = {
      "tsconfig.json": '{ "extends": "./base", // a comment\n "compilerOptions": { "target": "es5", } }',
      "base.json": '{ "compilerOptions": { "strict": true, "paths": { "@/*": ["./lib/*"] } } }',
      "main.ts": `
        import { one } from "./lib/one";
        import { one as two } from "./lib/one.js";
        import { one as three } from "./lib/one.ts";
        import { one as four } from "@/one";
        import data from "./data.json";
        import old from "./old.js";
        const sum: number = one + two + three + four + data.n;
        for (const each of new Set([sum])) console.log(each, old.anything);
      `,
      "lib/one.ts": "export const one = 1;\n",
      "data.json": '{ "n": 1 }',
      "old.js": "export default {};\n",
    };
    expect(found(files)).toEqual([]);
  });

  test("packages that are not there, under strict, with what is made of them", () => {
    const files = {
      "tsconfig.json": '{ "compilerOptions": { "strict": true, "jsx": "react-jsx" } }',
      "main.tsx": `
        import express, { type Request } from "express";
        import * as path from "path";
        import React from "react";
        import { Base } from "base";
        declare module "express" { interface Request { user: string } }
        class Own extends Base<string> { f() { this.inherited(); return super.g(); } }
        const app = express();
        app.get("/", (req, res) => res.send(path.sep));
        const by = (r: Request, f: React.FC): JSX.Element => <div onClick={(e) => e}>{r.user}{f}</div>;
        console.log(new Own(), by);
      `,
    };
    expect(found(files, "main.tsx")).toEqual([]);
  });

  test("a file that cannot be read", () => {
    const text = 'import { f } from "./big";\nexport const g = f((x) => x);\n';
    expect(found({ "tsconfig.json": '{"compilerOptions":{"strict":true}}', "main.ts": text, "big.ts": null })).toEqual(
      [],
    );
  });
});

describe("what is wrong is told at its place", () => {
  test("a value of another type", () => {
    const [problem, ...others] = checkWith({ "main.ts": 'let a = 1;\nconst n: number = "x";\n' }, "main.ts");
    expect(others).toEqual([]);
    expect(problem).toEqual({
      line: 2,
      column: 7,
      endLine: 2,
      endColumn: 8,
      severity: "error",
      code: 2322,
      message: "Type 'string' is not assignable to type 'number'.",
    });
  });

  test("a syntax error, a name that is not there, a file that is not there", () => {
    expect(found({ "main.ts": "const b: number = ;\n" })).toEqual(["1: 1109"]);
    expect(found({ "main.ts": "console.log(nowhere);\n" })).toEqual(["1: 2304"]);
    expect(found({ "main.ts": 'import "./x.ts";\nimport { a } from "./a";\nconsole.log(a);\n' })).toContain("2: 2307");
  });

  test("a member that no class has, although some package is not there", () => {
    const text = `
      import { Base } from "base";
      class Own { a = 1; }
      class Below extends Base {}
      new Own().b;
      new Below().b;
    `;
    expect(found({ "main.ts": text })).toEqual(["5: 2339"]);
  });

  test("strictness is that of the nearest tsconfig.json", () => {
    const files = {
      "main.ts": "export const f = (a) => a;\n",
      "in/tsconfig.json": '{"compilerOptions":{"strict":true}}',
      "in/deep/main.ts": "export const f = (a) => a;\n",
    };
    expect(checkWith(files, "main.ts")).toEqual([]);
    expect(checkWith(files, "in/deep/main.ts").map(({ code }) => code)).toEqual([7006]);
    expect(checkWith(files, "main.ts")).toEqual([]);
  });
});

test("a check follows its file and the files that it imports, as they come, change and go", () => {
  const main = 'import { f } from "./util";\nf("a");\n';
  const codes = (files: Record<string, string>) => checkWith(files, "main.ts").map(({ code }) => code);
  expect(codes({ "main.ts": main })).toEqual([2307]);
  const util = "export const f = (n: number) => n;\n";
  expect(codes({ "main.ts": main, "util.ts": util })).toEqual([2345]);
  checker.update([["main.ts", main.replace('"a"', "1")]]);
  expect(checker.check("main.ts")).toEqual({ kind: "problems", problems: [] });
  checker.update([["util.ts", undefined]]);
  expect(checker.check("main.ts")).toEqual({ kind: "wanted", paths: ["util.ts"] });
  checker.update([["util.ts", util.replace("number", "boolean")]]);
  expect(checker.check("main.ts")).toMatchObject({ problems: [{ code: 2345 }] });
  checker.update([["util.ts", undefined]], ["main.ts"]);
  expect(checker.check("main.ts")).toMatchObject({ problems: [{ code: 2307 }] });
});
