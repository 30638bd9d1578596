/** Checks the import rules of docs/architecture.md on the whole tree, and that the checker finds each kind of violation. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cruiseTree, type Tree } from "./cruise-tree.ts";
import { planted, stock } from "./planted.ts";
import { rules } from "./rules.ts";
import { sourceFiles } from "./source-files.ts";

const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

describe("the tree", () => {
  let tree: Tree;
  beforeAll(async () => {
    tree = await cruiseTree(root);
  });

  test("no import goes against an arrow", () => {
    expect(tree.violations.map(({ rule, from, to }) => `${rule}: ${from} -> ${to}`)).toEqual([]);
  });

  // A parser that cannot read TypeScript reports no violation in no file.
  test("every source file was read, and imports between them were followed", () => {
    const wanted = sourceFiles(root, ["packages"]).filter((path) => /\.tsx?$/.test(path));
    expect(new Set(tree.files)).toEqual(new Set(wanted));
    expect(tree.files.length).toBeGreaterThan(150);
    expect(tree.arrows).toBeGreaterThan(tree.files.length);
  });
});

describe("a copy with violations", () => {
  const copy = mkdtempSync(join(tmpdir(), "atelier-boundaries-"));
  let tree: Tree;

  const plant = (path: string, text: string): void => {
    mkdirSync(dirname(join(copy, path)), { recursive: true });
    writeFileSync(join(copy, path), `${text}\n`);
  };

  /** The same npm packages, but the copy's own workspace packages: a link to the checkout's would be another tree. */
  const linkModules = (): void => {
    mkdirSync(join(copy, "node_modules", "@atelier"), { recursive: true });
    for (const name of readdirSync(join(root, "node_modules"))) {
      if (name !== "@atelier") symlinkSync(join(root, "node_modules", name), join(copy, "node_modules", name));
    }
    for (const name of ["contracts", "run-configurations", "server", "web"]) {
      symlinkSync(join(copy, "packages", name), join(copy, "node_modules", "@atelier", name));
    }
  };

  beforeAll(async () => {
    for (const name of readdirSync(join(root, "packages"))) {
      const skip = (path: string): boolean => !/\/(node_modules|dist)$/.test(path);
      cpSync(join(root, "packages", name), join(copy, "packages", name), { recursive: true, filter: skip });
    }
    cpSync(join(root, "package.json"), join(copy, "package.json"));
    linkModules();
    for (const path of stock) if (!existsSync(join(copy, path))) plant(path, "export {};");
    for (const { path, text } of planted) plant(path, text);
    // A name that leads past a module's index, as a careless entry in package.json would.
    const manifest = join(copy, "packages/server/package.json");
    const { imports, ...rest } = JSON.parse(readFileSync(manifest, "utf8")) as { imports: Record<string, string> };
    const careless = { "#planted-inside": "./src/modules/identity/inside.ts", ...imports };
    writeFileSync(manifest, JSON.stringify({ ...rest, imports: careless }));
    tree = await cruiseTree(copy);
  });
  afterAll(() => rmSync(copy, { recursive: true, force: true }));

  test("every rule has a planted violation", () => {
    expect(planted.map(({ rule }) => rule).toSorted()).toEqual(rules.map(({ name }) => name ?? "").toSorted());
  });

  test.each(planted)("$rule is caught", ({ rule, path }) => {
    const caught = tree.violations.filter((violation) => violation.from === path).map((violation) => violation.rule);
    expect(caught).toContain(rule);
  });
});
