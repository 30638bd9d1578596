/** `init launch` on this machine: the tool's end with its server, a disk that only it sees, and refusals. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildInit } from "./build-init.ts";
import { isAlive, listProcesses, waitUntil } from "./host-processes.ts";
import { type LaunchPlan, launch } from "./launch.ts";
import { createScratchDisks, type ScratchDisk } from "../disks/scratch-disk.ts";

const repository = join(import.meta.dirname, "../../../../../..");
const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const folder = mkdtempSync(join(tmpdir(), "atelier-launch-"));
const bytes = 16 * 1024 * 1024;

describe.skipIf(!existsSync(imageRoot))("launch (set ATELIER_TEST_IMAGE)", { timeout: 60_000 }, () => {
  let initPath = "";
  const run = async (plan: Partial<LaunchPlan>): Promise<{ said: string; complaint: string }> => {
    const launched = await launch({ initPath, argv: ["/bin/true"], joinFiles: [], disk: undefined, ...plan });
    const said = await text(launched.output);
    await launched.exited;
    return { said, complaint: launched.complaint() };
  };
  beforeAll(async () => {
    initPath = await buildInit({
      imageRoot,
      cacheFolder: join(folder, "init"),
      sourceFolder: join(repository, "packages/sandbox-init"),
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("[I24] a launched tool ends with a killed server", async () => {
    const server = spawn(
      process.execPath,
      [
        "--input-type=module",
        "--eval",
        `import { launch } from ${JSON.stringify(join(import.meta.dirname, "launch.ts"))};
         const [initPath] = process.argv.slice(1);
         console.log((await launch({ initPath, argv: ["/bin/sleep", "1000"], joinFiles: [], disk: undefined })).pid);
         setInterval(() => undefined, 1000);`,
        initPath,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [first] = (await once(server.stdout, "data")) as [Buffer];
    const isTool = (): boolean => readFileSync(`/proc/${Number(first)}/cmdline`, "utf8").startsWith("/bin/sleep");
    expect(await waitUntil(isTool, 10_000)).toBe(true);
    const tool = listProcesses().find(({ pid }) => pid === Number(first));
    if (tool === undefined) throw new Error("nothing was launched");
    server.kill("SIGKILL");
    expect(await waitUntil(() => !isAlive(tool), 10_000)).toBe(true);
  });

  test.skipIf(process.geteuid?.() !== 0)("a disk is mounted in no other tree, and has its folders", async () => {
    const disks = createScratchDisks({ templateFolder: folder, initPath, withFolders: true });
    const own = join(folder, "own");
    mkdirSync(own);
    const disk = await disks.plan(own, { bytes, inodes: 128 });
    const launched = await launch({
      initPath,
      argv: ["/bin/sh", "-c", 'cd "$0" && df -P . | tail -1 && ls && read go', disk.mountPoint],
      joinFiles: [],
      disk,
    });
    let said = "";
    launched.output.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
    expect(await waitUntil(() => said.endsWith("tmp\n"), 10_000), launched.complaint()).toBe(true);
    expect(said).toContain("project\ntmp\n");
    expect(Number(said.split(/\s+/u)[3]) * 1024).toBeGreaterThanOrEqual(bytes);
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(own);
    expect(existsSync(disk.image), "the copy has no name").toBe(false);
    launched.input.end("go\n");
    await launched.exited;
    rmSync(own, { recursive: true });
    expect(existsSync(own)).toBe(false);
  });

  test.skipIf(process.geteuid?.() !== 0)(
    "[I55] mounts of a tool without a disk are in no other mount namespace",
    async () => {
      const own = join(folder, "mounting");
      mkdirSync(own);
      const launched = await launch({
        initPath,
        argv: ["/bin/sh", "-c", 'mount -t tmpfs tool "$0" && grep -c "$0" /proc/self/mountinfo && read go', own],
        joinFiles: [],
        disk: undefined,
      });
      let said = "";
      launched.output.on("data", (chunk: Buffer) => (said += chunk.toString("utf8")));
      expect(await waitUntil(() => said === "1\n", 10_000), launched.complaint()).toBe(true);
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(own);
      launched.input.end("go\n");
      await launched.exited;
      rmSync(own, { recursive: true });
      expect(existsSync(own)).toBe(false);
    },
  );

  test.skipIf(process.geteuid?.() !== 0).each(["", "half of a file"])(
    "a template with the content %j is created again",
    async (broken) => {
      const templateFolder = mkdtempSync(join(folder, "templates-"));
      const planIn = (name: string): Promise<ScratchDisk> => {
        const own = join(templateFolder, name);
        mkdirSync(own);
        return createScratchDisks({ templateFolder, initPath, withFolders: true }).plan(own, { bytes, inodes: 128 });
      };
      const { template } = await planIn("first");
      writeFileSync(template, broken);
      const disk = await planIn("second");
      expect(disk.template).toBe(template);
      const { said, complaint } = await run({ disk, argv: ["/bin/ls", disk.mountPoint] });
      expect(said, complaint).toContain("project\ntmp\n");
    },
  );

  test.skipIf(process.geteuid?.() !== 0)("a valid template is kept, and another kind of disk has its own", async () => {
    const templateFolder = mkdtempSync(join(folder, "templates-"));
    const templateOf = async (withFolders: boolean): Promise<string> => {
      const own = mkdtempSync(join(templateFolder, "own-"));
      const disks = createScratchDisks({ templateFolder, initPath, withFolders });
      return (await disks.plan(own, { bytes, inodes: 128 })).template;
    };
    const first = await templateOf(true);
    const madeAtMs = statSync(first).mtimeMs;
    expect(await templateOf(true)).toBe(first);
    expect(statSync(first).mtimeMs).toBe(madeAtMs);
    expect(await templateOf(false)).not.toBe(first);
  });

  test("it reports what it cannot do, and starts no tool", async () => {
    const argv = ["/bin/echo", "started"];
    const nowhere = join(folder, "nowhere");
    const refusals = [
      { joinFiles: [nowhere], complaint: `cannot enter ${nowhere}: No such file` },
      { disk: { template: nowhere, image: nowhere, mountPoint: nowhere }, complaint: `cannot open ${nowhere}` },
      { argv: [nowhere], complaint: `cannot start ${nowhere}` },
      { argv: [], complaint: "cannot understand its arguments" },
    ];
    for (const { complaint, ...plan } of refusals) {
      const outcome = await run({ argv, ...plan });
      expect(outcome.complaint).toContain(complaint);
      expect(outcome.said).toBe("");
    }
    expect((await run({ argv })).said).toBe("started\n");
  });
});
