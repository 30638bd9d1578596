/** Output of parallel steps is readable: on a terminal one updated line each, below the permanent lines; elsewhere complete lines. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import pty from "@lydell/node-pty";
import { expect, test } from "vitest";
import { linesOf, type Shown } from "../../tests/fresh/screen-lines.ts";

const progress = JSON.stringify(join(import.meta.dirname, "progress.mjs"));
const script = `
import { notice, step, stopDrawing } from ${progress};
import { setTimeout as delay } from "node:timers/promises";
const first = step("First", async (tell) => { tell("half way"); await delay(700); return "done"; });
const second = step("Second", async (tell) => { tell("reading"); await delay(300); notice("said meanwhile"); return "there"; });
await second;
await first;
const third = step("Third", async (tell) => { await delay(150); stopDrawing(); process.stdout.write("somebody else writes\\n"); await delay(300); return { butOnly: "a part" }; });
await third;
`;
const args = ["--input-type=module", "-e", script];
const seconds = String.raw`\(\d\.\d s\)`;

test("on a terminal", { timeout: 60_000 }, async () => {
  const shown: Shown[] = [];
  const terminal = pty.spawn(process.execPath, args, { cols: 60, rows: 20, env: { ...process.env } });
  terminal.onData((part) => shown.push({ atMs: 0, text: part }));
  await new Promise((resolve) => terminal.onExit(resolve));
  const screen = shown.map((part) => part.text).join("");
  // Both lines were updated, with their details.
  expect(screen).toMatch(/First \d\.\d s {2}half way\r?\n.*Second \d\.\d s {2}reading/u);
  const lines = linesOf(shown).map((line) => line.text);
  expect(lines.filter((line) => line.trim() !== "")).toEqual([
    "said meanwhile",
    expect.stringMatching(new RegExp(`^✓ Second: there ${seconds}$`, "u")),
    expect.stringMatching(new RegExp(`^✓ First: done ${seconds}$`, "u")),
    "somebody else writes",
    expect.stringMatching(new RegExp(`^! Third: a part ${seconds}$`, "u")),
  ]);
});

test("without a terminal", { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = once(child, "close");
  const lines = (await text(child.stderr)).trimEnd().split("\n");
  await ended;
  expect(lines).toEqual([
    "said meanwhile",
    expect.stringMatching(/^✓ Second/u),
    expect.stringMatching(/^✓ First/u),
    expect.stringMatching(/^! Third/u),
  ]);
});

test("to a closed terminal, and the work continues", { timeout: 60_000 }, async () => {
  const speaks = `
import { notice } from ${progress};
import { setTimeout as delay } from "node:timers/promises";
process.stdin.resume();
await new Promise((resolve) => process.stdin.once("end", resolve));
for (let n = 0; n < 20; n++) { notice("nobody reads this"); await delay(5); }
process.exit(7);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", speaks], { stdio: ["pipe", "ignore", "pipe"] });
  child.stderr.destroy();
  child.stdin.end();
  expect((await once(child, "exit"))[0]).toBe(7);
});
