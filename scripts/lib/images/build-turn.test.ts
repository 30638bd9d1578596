/** Two processes that want images: one builds, the other one is told how far it is. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { afterAll, expect, test } from "vitest";

const parent = mkdtempSync(join(tmpdir(), "atelier-turn-"));
afterAll(() => rmSync(parent, { recursive: true, force: true }));

const module = join(import.meta.dirname, "build-turn.mjs");
/** Wants the image `id`: builds it unless somebody has, tells each progress as a line, and goes on when a line comes in. */
const program = `
  import { existsSync, writeFileSync } from "node:fs";
  import { createInterface } from "node:readline";
  import { inTurn } from ${JSON.stringify(module)};
  const [images, id] = process.argv.slice(1);
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const say = (value) => console.log(JSON.stringify(value));
  await inTurn({ images, id, tell: say }, async (tell) => {
    if (existsSync(images + "/" + id)) return say("cached");
    tell({ percent: 43, step: "unpacking" });
    await lines.next();
    tell({ percent: 80, step: "checking" });
    await lines.next();
    writeFileSync(images + "/" + id, "");
    say("built");
  });
  process.exit(0);
`;

type Told = { readonly percent: number; readonly step: string } | string;
const start = (images: string, id: string) => {
  const child = spawn(process.execPath, ["--input-type=module", "--eval", program, images, id], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const told: Told[] = [];
  const waiting: (() => void)[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    told.push(...lines.map((line) => JSON.parse(line) as Told));
    for (const wake of waiting.splice(0)) wake();
  });
  const until = async (wanted: Told): Promise<void> => {
    const text = JSON.stringify(wanted);
    while (!told.some((one) => JSON.stringify(one) === text))
      await new Promise<void>((resolve) => waiting.push(resolve));
  };
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  return { child, told, until, ended, goOn: () => child.stdin.write("\n") };
};

const folder = (): string => {
  const images = mkdtempSync(join(parent, "images-"));
  mkdirSync(images, { recursive: true });
  return images;
};

test("who waits for the same image is told the builder's progress, and does not build it again", async () => {
  const images = folder();
  const first = start(images, "go");
  await first.until({ percent: 43, step: "unpacking" });
  const second = start(images, "go");
  const other = start(images, "lua");
  await second.until({ percent: 43, step: "unpacking" });
  await other.until({ percent: 0, step: "waiting for go (43 %)" });
  first.goOn();
  await second.until({ percent: 80, step: "checking" });
  first.goOn();
  other.goOn();
  other.goOn();
  // Either may have the next turn.
  await Promise.all([first.ended, second.until("cached"), other.until("built")]);
  expect(first.told.at(-1)).toBe("built");
  expect(second.told).not.toContain("built");
  await Promise.all([second.ended, other.ended]);
  expect(existsSync(join(images, ".current.json"))).toBe(false);
});

test("when the builder is killed, the next one takes its turn", async () => {
  const images = folder();
  const first = start(images, "go");
  await first.until({ percent: 43, step: "unpacking" });
  const second = start(images, "go");
  await second.until({ percent: 43, step: "unpacking" });
  first.child.kill("SIGKILL");
  await first.ended;
  second.goOn();
  second.goOn();
  await second.until("built");
  await second.ended;
  expect(first.told).toEqual([{ percent: 43, step: "unpacking" }]);
});

test("half a file of progress is no progress", async () => {
  const images = folder();
  writeFileSync(join(images, ".current.json"), '{"id":');
  const one = start(images, "go");
  one.goOn();
  one.goOn();
  await one.until("built");
  await one.ended;
  expect(readFileSync(join(images, "go"), "utf8")).toBe("");
});
