/** Recipes: what is right, what is wrong and how it is told; and that ours are right. */
import { expect, test } from "vitest";
import { imageNames, readRecipe } from "../image.mjs";
import { parseRecipe } from "./recipe-format.mjs";

const good = { name: "lua", over: "base", suite: "trixie", packages: ["lua5.4"], check: ["lua -v"] };
const parsed = (changes: object): unknown => parseRecipe("lua", JSON.stringify({ ...good, ...changes }));

test("every recipe of languages/images is right, and says how it is checked", () => {
  const names = imageNames();
  expect(names[0]).toBe("base");
  expect(names.length).toBeGreaterThan(25);
  for (const name of names) expect(readRecipe(name).name).toBe(name);
});

test("what is wrong is said with the file, all at once", () => {
  expect(parsed({})).toEqual(good);
  const whole = {
    maven: ["a.b:c:1.0"],
    npm: { "@x/y": "1.2.3" },
    pypi: { z: "0.1" },
    files: { "/usr/bin/a": "#!/bin/sh\n" },
  };
  expect(parsed({ ...whole, node: "pinned", optional: true, hello: "lua", steps: ["true"] })).toMatchObject(whole);
  const faults: [changes: object, said: string][] = [
    [{ packages: ["lua5.4; rm -rf /"] }, "packages: must be names of Debian packages"],
    [{ maven: ["a:b"] }, "maven: must be group:artifact:version"],
    [{ npm: { typescript: "^7.0.0" } }, "npm: must be packages with exact versions"],
    [{ pypi: { numpy: ">=2" } }, "pypi: must be packages with exact versions"],
    [{ files: { "usr/bin/a": "" } }, "files: must be absolute paths with texts"],
    [{ files: { "/usr/../etc/a": "x" } }, "files: must be absolute paths with texts"],
    [{ over: "jvm" }, 'over: must be "base"'],
    [{ over: undefined }, 'over: missing; only "base" is whole'],
    [{ check: [] }, "hello: missing, and there is no check"],
    [{ name: "perl" }, "name: the file is lua.json"],
    [{ speed: 1 }, "speed: unknown"],
    [{ suite: undefined }, "suite: missing"],
  ];
  for (const [changes, said] of faults) expect(() => parsed(changes), said).toThrow(said);
  expect(() => parsed({ speed: 1, over: "jvm" })).toThrow(/languages\/images\/lua.json: over: .*; speed: unknown/);
  expect(() => parseRecipe("lua", "{")).toThrow("languages/images/lua.json is no JSON");
});
