/** The control of the escape checks: without isolation the harmless attempts must succeed, or the checks prove nothing. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { aimedProgram, readOutcomes, withTargets } from "./escapes.ts";
import { escapeAttempts } from "./escape-attempts.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const attempts = escapeAttempts.filter(({ control }) => control === true);

/** The image's own Python, started on the host by the image's own loader. */
const bareInterpreter = (root: string): string[] => {
  const libraries = join(root, "usr/lib", process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu");
  const loader = readdirSync(libraries).find((name) => name.startsWith("ld-linux"));
  return [join(libraries, loader ?? ""), "--library-path", libraries, join(root, "usr/bin/python3")];
};

const runBare = async (argv: readonly string[], root: string): Promise<string> => {
  const [file, ...rest] = argv;
  const child = spawn(file ?? "", rest, {
    // The fourth descriptor is the leak.
    stdio: ["ignore", "pipe", "inherit", "pipe"],
    env: { ...process.env, PYTHONHOME: join(root, "usr") },
  });
  let text = "";
  child.stdout?.on("data", (chunk: Buffer) => (text += chunk.toString("utf8")));
  await new Promise((resolve) => child.once("close", resolve));
  return text;
};

describe.skipIf(!existsSync(imageRoot))("the escape checks' control", () => {
  test("a plain child process fails every check that is harmless to try", async () => {
    expect(attempts.length).toBeGreaterThanOrEqual(6);
    const folder = mkdtempSync(join(tmpdir(), "atelier-control-"));
    try {
      const script = join(folder, "main.py");
      const stdout = await withTargets((targets) => {
        writeFileSync(script, aimedProgram(attempts, targets));
        return runBare([...bareInterpreter(imageRoot), script], imageRoot);
      });
      const outcomes = readOutcomes(stdout);
      expect(attempts.map(({ name }) => [name, outcomes.get(name)])).toEqual(
        attempts.map(({ name }) => [name, "got there"]),
      );
    } finally {
      rmSync(folder, { recursive: true });
      // What every attempt begins with, here on the host.
      rmSync("/tmp/attempt", { force: true });
    }
  });
});
