/** DATA_DIR: one server at a time, and plain words when it can't be used. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataFolder, StartFault } from "./data-folder.ts";
import { describeStartFault } from "./start-fault.ts";

let folder = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "atelier-data-"));
});
afterEach(() => rm(folder, { recursive: true }));
const { signal } = new AbortController();

describe("the data folder", () => {
  it("is made, taken by one, and free again afterwards", async () => {
    const path = join(folder, "a/b");
    const first = openDataFolder(path);
    await first.start(signal);
    const second = openDataFolder(path);
    await expect(second.start(signal)).rejects.toThrow(
      `Another server (process ${process.pid}) is using the data folder ${path}.`,
    );
    // The one that was refused does not take the other's lock away.
    await second[Symbol.asyncDispose]();
    await expect(openDataFolder(path).start(signal)).rejects.toThrow(StartFault);
    await first[Symbol.asyncDispose]();
    await second.start(signal);
    await second[Symbol.asyncDispose]();
    expect(await readdir(path)).toEqual([]);
  });

  it("takes over from a process that is gone, also when its id is in use again", async () => {
    const child = spawn("true");
    await once(child, "exit");
    for (const stale of [`${child.pid} 12345\n`, `${process.pid} 1\n`, "", "garbage"]) {
      await writeFile(join(folder, "server.lock"), stale);
      const taken = openDataFolder(folder);
      await taken.start(signal);
      expect(await readFile(join(folder, "server.lock"), "utf8")).toMatch(new RegExp(`^${process.pid} \\d+\n$`, "u"));
      await taken[Symbol.asyncDispose]();
    }
  });

  it("says what is wrong with the path", async () => {
    await writeFile(join(folder, "file"), "");
    const path = join(folder, "file/data");
    await expect(openDataFolder(path).start(signal)).rejects.toThrow(
      `The data folder ${path} can't be made or written (ENOTDIR)`,
    );
  });
});

describe("a start that failed, in one line", () => {
  const where = { host: "127.0.0.1", port: 80, dataDir: "/data" };
  it.each([
    [Object.assign(new Error("listen"), { code: "EADDRINUSE" }), /^Port 80 on 127\.0\.0\.1 is in use/u],
    [Object.assign(new Error("listen"), { code: "EACCES", syscall: "listen" }), /^Port 80 may not be used/u],
    [
      Object.assign(new Error("Command failed: initdb"), { stderr: "could not write: No space left on device" }),
      /^The disk is full: .*\/data/u,
    ],
    [new Error("outer", { cause: new Error("ENOSPC: write") }), /^The disk is full/u],
    [new Error("first line\nsecond line"), /^first line$/u],
  ])("%s", (error, line) => {
    expect(describeStartFault(error, where)).toMatch(line);
    expect(describeStartFault(error, where)).not.toContain("\n");
  });
});
