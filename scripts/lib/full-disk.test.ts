/** A setup on a disk without space or rights: one line that names the path, and exit 1. */
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "./command.mjs";
import { asSetupFault, SetupFault } from "./fault.mjs";
import { step } from "./progress.mjs";
import { optionalStep } from "./setup.mjs";

const folder = mkdtempSync(join(tmpdir(), "atelier-full-"));
beforeAll(() => chmodSync(folder, 0o711));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const isRoot = process.getuid?.() === 0;
const own = isRoot ? ["--mount"] : ["--user", "--map-root-user", "--mount"];
/** A line of shell that mounts a disk of 64 KiB at its first argument, in a mount namespace of its own, and runs the other arguments. */
const smallDisk = 'folder=$1; shift; mount -t tmpfs -o size=64k,mode=711 tmpfs "$folder" && exec "$@"';
const lib = (name: string): string => JSON.stringify(join(import.meta.dirname, name));

/** Runs a step as `npm start` does, on that disk. */
const startWith = async (work: string): Promise<{ code: number | null; lines: string[] }> => {
  const code = `
import { readdirSync, writeFileSync } from "node:fs";
import { report, SetupFault } from ${lib("fault.mjs")};
import { step } from ${lib("progress.mjs")};
import { buildFolder, writeWhole } from ${lib("recipe.mjs")};
const folder = ${JSON.stringify(folder)}, much = "x".repeat(1 << 20);
try {
  await step("Work", async () => { ${work} });
} catch (error) {
  report(error);
  process.exitCode = error instanceof SetupFault ? 1 : 70;
}
console.error("left:", readdirSync(folder).join());`;
  const words = [...own, "--", "sh", "-c", smallDisk, "sh", folder, process.execPath, "--input-type=module"];
  const child = spawn("unshare", [...words, "--eval", code], { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const said = await text(child.stderr);
  await ended;
  return { code: child.exitCode, lines: said.trimEnd().split("\n") };
};

describe("a full disk", () => {
  test.each([
    ["a stamp", 'writeWhole(folder + "/stamp", much);'],
    ["an image", 'await buildFolder(folder + "/image", async (fresh) => writeFileSync(fresh + "/file", much));'],
  ])("%s that does not fit prints one line and leaves no files", async (_, work) => {
    const { code, lines } = await startWith(work);
    expect(lines).toEqual([
      expect.stringMatching(/^✗ Work: failed/u),
      `atelier: ${folder}: the disk is full (ENOSPC)`,
      expect.stringMatching(/^ {2}Set ATELIER_CACHE_DIR /u),
      "left:",
    ]);
    expect(code).toBe(1);
  });

  test("the fault of a program has the line about the full disk as its detail", async () => {
    const noise =
      'for i in 1 2 3; do echo "noise $i"; done; echo "tar: x: No space left on device" >&2; echo more; exit 2';
    const failed = run("sh", ["-c", noise], { what: "unpacking" });
    await expect(failed).rejects.toMatchObject({
      name: "SetupFault",
      message: "unpacking failed: the disk is full",
      detail: "tar: x: No space left on device",
    });
    await expect(run("sh", ["-c", "echo lost; exit 2"], { what: "unpacking" })).rejects.toMatchObject({
      message: "unpacking failed (exit 2)",
      detail: "lost",
    });
  });

  test("an optional step that fails is skipped", async () => {
    const full = (): never => {
      throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    expect(await optionalStep("Work", full)).toBe(false);
  });
});

test("errors of the disk or its permissions name the folder; bugs stay errors", async () => {
  const refused = (code: string, path: string): Error => Object.assign(new Error(code), { code, path });
  const messages = ["EACCES", "EPERM", "EROFS", "EDQUOT"].map((code) => asSetupFault(refused(code, "/a/b/c")));
  expect(messages.every((fault) => fault instanceof SetupFault && fault.message.startsWith("/a/b: "))).toBe(true);
  expect(asSetupFault(refused("EACCES", "/a/b/.building-x-1/d"), "/a/b")).toMatchObject({
    message: "/a/b: this user may not write there (EACCES)",
  });
  expect(asSetupFault(refused("ENOSPC", "/tmp/x"), "/a/b")).toMatchObject({
    message: expect.stringMatching(/^\/tmp: /u),
  });
  const mistake = refused("ENOENT", "/a");
  expect(asSetupFault(mistake)).toBe(mistake);
  await expect(step("Work", () => Promise.reject(mistake))).rejects.toBe(mistake);
});
