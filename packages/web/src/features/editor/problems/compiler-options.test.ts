import { expect, test } from "vitest";
import { compilerOptions, extendedNames, resolvePath } from "./compiler-options.ts";

test("without tsconfig.json the options are those by which the server compiles, with Node's newest library", () => {
  expect(compilerOptions([])).toMatchObject({
    target: 99,
    module: 200,
    moduleResolution: 100,
    moduleDetection: 3,
    lib: ["lib.esnext.d.ts"],
    jsx: 2,
    allowImportingTsExtensions: true,
    useDefineForClassFields: true,
    noEmit: true,
    skipLibCheck: true,
  });
  expect(compilerOptions([]).strict).toBeUndefined();
});

test("tsconfig.json adds strictness, decorators, JSX, paths and libraries, and never an older target", () => {
  const options = compilerOptions([
    { folder: "/project/base", json: { compilerOptions: { strict: true, baseUrl: "..", jsx: "react-jsx" } } },
    {
      folder: "/project",
      json: {
        compilerOptions: {
          target: "ES5",
          module: "commonjs",
          outDir: "out",
          experimentalDecorators: true,
          noImplicitAny: false,
          paths: { "@/*": ["src/*"], wrong: "src" },
          lib: ["ES2015", "DOM"],
        },
      },
    },
  ]);
  expect(options).toMatchObject({
    strict: true,
    noImplicitAny: false,
    experimentalDecorators: true,
    jsx: 4,
    baseUrl: "/project",
    paths: { "@/*": ["src/*"] },
    pathsBasePath: "/project",
    lib: ["lib.esnext.d.ts", "lib.es2015.d.ts", "lib.dom.d.ts"],
    target: 99,
    module: 200,
    useDefineForClassFields: false,
  });
  expect(options).not.toHaveProperty("outDir");
});

test.each([undefined, null, 7, [], { compilerOptions: 3 }, { compilerOptions: { paths: [], lib: "dom", jsx: 4 } }])(
  "a tsconfig.json of %j is one that says nothing",
  (json) => {
    expect(compilerOptions([{ folder: "/project", json }])).toMatchObject({ lib: ["lib.esnext.d.ts"], jsx: 2 });
    expect(extendedNames(json)).toEqual([]);
  },
);

test("names in extends and paths with dots are resolved", () => {
  expect(extendedNames({ extends: "./base" })).toEqual(["./base"]);
  expect(extendedNames({ extends: ["./a", 3, "./b"] })).toEqual(["./a", "./b"]);
  expect(resolvePath("/project/a", "../b/./c")).toBe("/project/b/c");
  expect(resolvePath("/project", "/x")).toBe("/x");
});
