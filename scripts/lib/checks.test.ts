/** A stored pass is used only for the same files and arguments; a failure is never stored. */
import { execFileSync } from "node:child_process";
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { check } from "./checks.mjs";
import { bufferedOutput } from "./part-output.mjs";

let root = "";
let installed = "tool 1";

/** A tool that fails when a source says "wrong", and records each of its runs. */
const tool = `
const { appendFileSync, readdirSync, readFileSync } = require("node:fs");
appendFileSync("runs.log", "x");
const wrong = readdirSync(".").filter((name) => name.endsWith(".ts") && readFileSync(name, "utf8").includes("wrong"));
if (process.argv[1] === "touch") appendFileSync("late.ts", "changed while the tool runs");
if (wrong.length > 0) { console.log("wrong: " + wrong); process.exit(1); }
`;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "checks-"));
  installed = "tool 1";
  execFileSync("git", ["init", "--quiet", root]);
  writeFileSync(join(root, ".gitignore"), "*.log\nstamps/\n");
  writeFileSync(join(root, "a.ts"), "fine");
  writeFileSync(join(root, "settings.json"), "{}");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const runs = (): number => (existsSync(join(root, "runs.log")) ? readFileSync(join(root, "runs.log")).length : 0);

const verdict = async (...words: string[]) => {
  const out = bufferedOutput();
  const script = `process.chdir(${JSON.stringify(root)}); ${tool}`;
  const memory = { root, folder: join(root, "stamps"), installed: () => installed };
  const { passed, failed } = await check({ title: "tool", args: ["-e", script, ...words], out, memory });
  return { good: passed === 1 && failed === 0, text: out.text(), runs: runs() };
};

test("a passed check is run again only after a change", async () => {
  expect(await verdict()).toMatchObject({ good: true, runs: 1 });
  const again = await verdict();
  expect(again).toMatchObject({ good: true, runs: 1 });
  expect(again.text).toContain("nothing changed");
  writeFileSync(join(root, "new.ts"), "untracked, and fine");
  expect((await verdict()).runs).toBe(2);
  writeFileSync(join(root, "settings.json"), '{"stricter":true}');
  expect((await verdict()).runs).toBe(3);
  installed = "tool 2";
  expect((await verdict()).runs).toBe(4);
  expect((await verdict("other")).runs).toBe(5);
  rmSync(join(root, "new.ts"));
  expect((await verdict("other")).runs).toBe(6);
});

test("a failing tree fails each time, also one that passed before, and passes only when fixed", async () => {
  expect((await verdict()).good).toBe(true);
  appendFileSync(join(root, "a.ts"), " wrong");
  for (const count of [2, 3]) {
    const bad = await verdict();
    expect(bad).toMatchObject({ good: false, runs: count });
    expect(bad.text).toContain("wrong: a.ts");
  }
  writeFileSync(join(root, "a.ts"), "fine");
  expect((await verdict()).good).toBe(true);
});

test("a pass is not stored when the tree changes while the tool runs", async () => {
  expect((await verdict("touch")).runs).toBe(1);
  expect((await verdict("touch")).runs).toBe(2);
});

test("without git no pass is stored", async () => {
  rmSync(join(root, ".git"), { recursive: true });
  expect((await verdict()).runs).toBe(1);
  expect((await verdict()).runs).toBe(2);
});
