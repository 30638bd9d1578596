/** Every problem code of the contracts is thrown by the server somewhere. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { PROBLEMS } from "@atelier/contracts";
import { expect, test } from "vitest";
import { neverMade } from "./problem-codes.ts";
import { sourceFiles } from "./source-files.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const isTest = /\.(test|contract)\.ts$|\/test-[a-z-]+\.ts$|-fixture\.ts$|\/contract\//;
const files = sourceFiles(root, ["packages/server/src"])
  .filter((path) => !isTest.test(path))
  .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));

test("every declared problem code is made somewhere, and a planted one is found", () => {
  const codes = Object.keys(PROBLEMS);
  expect(files.length).toBeGreaterThan(100);
  expect(codes.length).toBeGreaterThan(40);
  expect(neverMade(codes, files)).toEqual([]);
  expect(neverMade([...codes, "planted/never-thrown"], files)).toEqual(["planted/never-thrown"]);
});
