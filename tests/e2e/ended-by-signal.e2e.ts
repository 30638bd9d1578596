/** Whatever tests, benchmarks and crash runs start ends with them: a signal in the middle leaves no process, mount, cgroup or file. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { eventually } from "../support/eventually.ts";
import { cgroupsOf, mountsNaming, processesNaming } from "../support/leftovers.ts";
import type { Planted } from "./planted/run-until-ended.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Deadline for a server to end, also on a busy machine. */
const GONE_WITHIN_MS = 60_000;

const script = ["scripts/with-setup.mjs", "tests/e2e/planted/script.ts"];
const tests = ["node_modules/vitest/vitest.mjs", "run", "--config", "tests/e2e/planted/vitest.config.ts"];

type Case = {
  readonly title: string;
  readonly words: readonly string[];
  readonly signal: NodeJS.Signals;
  /** The exit code of the process; null: it was killed. */
  readonly code: number | null;
  /** Run it behind a shell that is killed instead, as npm is in front of a script. */
  readonly behindNpm?: true;
};

/** Each takes ten seconds of two cores: the last ones run in `npm run test:all` only. */
const allCases: readonly Case[] = [
  { title: "a script by SIGTERM", words: script, signal: "SIGTERM", code: 143 },
  { title: "Vitest by SIGKILL", words: tests, signal: "SIGKILL", code: null },
  { title: "a script by SIGINT", words: script, signal: "SIGINT", code: 130 },
  { title: "a script by SIGKILL", words: script, signal: "SIGKILL", code: null },
  { title: "a script whose npm is killed", words: script, signal: "SIGKILL", code: null, behindNpm: true },
];
const cases = process.env["ATELIER_TEST_WHOLE"] === "yes" ? allCases : allCases.slice(0, 2);

const started: ChildProcess[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const child of started.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

/** Starts it outside of this test's run folder, and waits until it reports what it started. */
const start = async ({ words, behindNpm }: Case) => {
  const folder = await mkdtemp(join(tmpdir(), "p-"));
  folders.push(folder);
  await chmod(folder, 0o1777);
  const npm = { npm_lifecycle_event: "bench" };
  const [program, ...args] = behindNpm
    ? ["sh", "-c", '"$0" "$@"; exit $?', process.execPath, ...words]
    : [process.execPath, ...words];
  const child = spawn(program, args, {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder, ...(behindNpm ? npm : { npm_lifecycle_event: undefined }) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  started.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => (output += chunk.toString("utf8")));
  const planted = (): string | undefined => /^planted: (.*)$/mu.exec(output)?.[1];
  await eventually(() => {
    if (planted() === undefined && child.exitCode === null) throw new Error(`nothing is planted yet:\n${output}`);
  }, 120_000);
  if (child.exitCode !== null) throw new Error(`it ended by itself:\n${output}`);
  return { child, ...(JSON.parse(planted() ?? "") as Planted) };
};

describe("a test run that is ended by a signal leaves no processes and folders", () => {
  it.each(cases)("$title", { timeout: 240_000 }, async (one) => {
    const { child, runFolder, dataDir } = await start(one);
    // The same checks must find something during the run; otherwise finding nothing later would prove nothing.
    expect((await processesNaming(runFolder)).length).toBeGreaterThan(3);
    expect((await cgroupsOf(dataDir)).length > 0 || process.getuid?.() !== 0).toBe(true);
    expect(existsSync(dataDir)).toBe(true);

    const ended = once(child, "exit");
    child.kill(one.signal);
    expect((await ended)[0]).toBe(one.code);

    await eventually(async () => {
      expect(await processesNaming(runFolder)).toEqual([]);
      expect(await mountsNaming(runFolder)).toEqual([]);
      expect(await cgroupsOf(dataDir)).toEqual([]);
      expect(existsSync(runFolder)).toBe(false);
    }, GONE_WITHIN_MS);
  });
});
