/** The choice of runsc, the start of a build, and the changes of the source. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { buildFailure, builtFolder, change, wantsBuild } from "./runsc-build.mjs";
import { changes } from "./runsc-changes.mjs";
import { smallToolsFolder, toolsAreThere, toolsFolder } from "./tools.mjs";

const parent = mkdtempSync(join(tmpdir(), "atelier-runsc-"));
const before = process.env["ATELIER_CACHE_DIR"];
beforeEach(() => {
  process.env["ATELIER_CACHE_DIR"] = mkdtempSync(join(parent, "cache-"));
});
afterAll(() => {
  rmSync(parent, { recursive: true, force: true });
  if (before === undefined) delete process.env["ATELIER_CACHE_DIR"];
  else process.env["ATELIER_CACHE_DIR"] = before;
});

const write = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
};

test("the built runsc is used once it is complete, and Debian's until then", () => {
  const debians = toolsFolder();
  write(join(debians, "tool.json"), "{}");
  write(join(builtFolder(), "runsc"), "");
  expect([toolsFolder(), toolsAreThere()]).toEqual([debians, true]);
  write(join(builtFolder(), "tool.json"), "{}");
  expect([toolsFolder(), wantsBuild()]).toEqual([builtFolder(), false]);
  expect(smallToolsFolder()).toBe(debians);
});

test("a failed build is retried a day later, and its reason is stored", () => {
  expect([wantsBuild(), buildFailure()]).toEqual([true, undefined]);
  const at = "2026-01-01T00:00:00.000Z";
  write(`${builtFolder()}.failed.json`, JSON.stringify({ reason: "no network", at }));
  expect(buildFailure()).toEqual({ reason: "no network", at });
  expect(wantsBuild(Date.parse(at) + 23 * 3_600_000)).toBe(false);
  expect(wantsBuild(Date.parse(at) + 25 * 3_600_000)).toBe(true);
});

const writeSource = (folder: string, text: (finds: readonly string[]) => string): void => {
  for (const file of new Set(changes.map((each) => each.file))) {
    write(join(folder, file), text(changes.filter((each) => each.file === file).map(({ find }) => find)));
  }
};

test("each change is applied once", () => {
  const folder = mkdtempSync(join(parent, "source-"));
  writeSource(folder, (finds) => finds.map((find) => `before\n${find}after\n`).join(""));
  change(folder);
  for (const { file, replace } of changes) {
    const text = readFileSync(join(folder, file), "utf8");
    expect(text.split(`before\n${replace}after\n`)).toHaveLength(2);
  }
});

test.each([
  ["is missing", () => "other\n"],
  ["is there twice", (finds: readonly string[]) => [...finds, ...finds].join("\n")],
])("a source in which the text %s is refused", (_, text) => {
  const folder = mkdtempSync(join(parent, "source-"));
  writeSource(folder, text);
  expect(() => change(folder)).toThrow("the change does not fit");
});
