import { describe, expect, it } from "vitest";
import { createCollectFilter } from "./collect-globs.ts";

describe("globs of collected files", () => {
  it.each([
    ["**", "a.txt", true],
    ["**", "a/b/c.txt", true],
    ["*.png", "plot.png", true],
    ["*.png", "out/plot.png", false],
    ["**/*.png", "plot.png", true],
    ["**/*.png", "a/b/plot.png", true],
    ["out/**", "out/a/b", true],
    ["out/**", "outer/a", false],
    ["out/*/x?.csv", "out/1/x2.csv", true],
    ["out/*/x?.csv", "out/1/2/x2.csv", false],
    ["./out/a", "out/a", true],
    ["a+(b).txt", "a+(b).txt", true],
    ["a+(b).txt", "aab.txt", false],
    ["A.txt", "a.txt", false],
    ["", "a", false],
  ])("%j and %j: %j", (glob, path, expected) => {
    expect(createCollectFilter([glob])(path)).toBe(expected);
  });

  it("an excluding glob excludes, at any position in the list", () => {
    const wants = createCollectFilter(["!**/node_modules/**", "**", "!**/*.pyc"]);
    expect(["a.js", "node_modules/x/a.js", "lib/node_modules/a.js", "b.pyc"].filter(wants)).toEqual(["a.js"]);
    expect(createCollectFilter(["!a"])("b")).toBe(false);
  });

  it("a hostile glob takes no longer than another", () => {
    const startMs = performance.now();
    const wants = createCollectFilter([`${"*a".repeat(127)}b`, `${"**/".repeat(80)}b`]);
    expect(wants("a".repeat(255))).toBe(false);
    expect(wants(`${"a/".repeat(500)}c`)).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(1000);
  });
});
