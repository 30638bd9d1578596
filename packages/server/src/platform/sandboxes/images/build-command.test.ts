import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createBuildCommand } from "./build-command.ts";
import type { ImageProgress } from "./image-builds.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "build-command-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** A command in place of `atelier.mjs images`. */
const startScript = async (script: string) => {
  const file = join(folder, "images.mjs");
  await writeFile(file, script);
  const heard: ImageProgress[] = [];
  const started = Promise.withResolvers<void>();
  const start = createBuildCommand({ command: [process.execPath, file], env: { PATH: process.env["PATH"] } });
  const build = start("go", (now) => {
    heard.push(now);
    started.resolve();
  });
  return { build, heard, started: started.promise };
};

const progress = (step: string): string =>
  `console.log(JSON.stringify({ type: "progress", id: "go", percent: 12, step: ${step} }));`;

describe("the command that builds an image", () => {
  it("[I66] gets the image's name, and its lines are progress", async () => {
    const { build, heard } = await startScript(
      `${progress("process.argv.slice(2).join(' ')")} console.log("no JSON"); console.log(JSON.stringify({ type: "ready", id: "go" }));`,
    );
    await build.done;
    expect(heard).toEqual([{ percent: 12, step: "build go --json --until-input-ends" }]);
  });

  it("[I66] fails with its own reason, else with its error output, else with its exit code", async () => {
    const told = await startScript(
      `console.log(JSON.stringify({ type: "failed", reason: "no disk" })); process.exit(1);`,
    );
    await expect(told.build.done).rejects.toThrow(/^no disk$/u);
    const written = await startScript(`console.error("out of memory"); process.exit(1);`);
    await expect(written.build.done).rejects.toThrow(/^out of memory$/u);
    const silent = await startScript("process.exit(7);");
    await expect(silent.build.done).rejects.toThrow(/^it ended with 7$/u);
  });

  it("[I68] ends when it is stopped", async () => {
    const { build, started } = await startScript(`${progress("'working'")} setInterval(() => undefined, 1000);`);
    await started;
    build.stop();
    await expect(build.done).rejects.toThrow("the build was stopped");
  });

  it("[I68] learns by the end of its input that its server is gone", async () => {
    const images = join(folder, "images.mjs");
    await writeFile(
      images,
      `${progress("String(process.pid)")} process.stdin.resume().on("close", () => process.exit(0));`,
    );
    // A server that starts a build and dies by a signal that it can't handle.
    const server = `import { createBuildCommand } from ${JSON.stringify(join(import.meta.dirname, "build-command.ts"))};
      const start = createBuildCommand({ command: [process.execPath, ${JSON.stringify(images)}], env: process.env });
      start("go", ({ step }) => process.stdout.write(step, () => process.kill(process.pid, "SIGKILL")));`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", server], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const builder = Number(await text(child.stdout));
    expect(builder).toBeGreaterThan(1);
    await vi.waitFor(() => expect(existsSync(`/proc/${builder}`)).toBe(false), { timeout: 10_000, interval: 20 });
  });
});
