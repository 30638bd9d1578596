/** A sandbox of the gVisor tier without cgroups: how its memory is counted. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createGvisorProvider } from "../adapters/gvisor.ts";
import { runProgram } from "../contract/harness.ts";
import { providerParts } from "../contract/provider-parts.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const runsc = join(process.env["ATELIER_TEST_TOOLS"] ?? "", "runsc");
const canRun = existsSync(imageRoot) && existsSync(runsc);
const stateFolder = mkdtempSync(join(tmpdir(), "atelier-polled-"));
afterAll(() => rmSync(stateFolder, { recursive: true, force: true }));

describe.skipIf(!canRun)("polled gVisor (set ATELIER_TEST_IMAGE and ATELIER_TEST_TOOLS)", { timeout: 60_000 }, () => {
  const run = async (code: string): ReturnType<typeof runProgram> => {
    await using provider = createGvisorProvider({
      ...(await providerParts({ imageRoot, stateFolder })),
      runsc,
      findCgroups: () => undefined,
    });
    // Awaited here: the provider is closed when this function ends.
    return await runProgram({ provider, imageRoot }, { argv: ["python3", "main.py"], files: { "main.py": code } });
  };

  test("[I41] the memory of all processes of a program is counted", async () => {
    const own = await run('import time\nmemory = b"x" * (100 << 20)\ntime.sleep(0.4)');
    expect(own.result.end, own.stderr).toEqual({ kind: "exited", exitCode: 0 });
    expect(own.result.usage.memoryPeakBytes).toBeGreaterThan(100 << 20);
    expect(own.result.usage.memoryPeakBytes).toBeLessThan(130 << 20);
    const child = 'import os, time\nif os.fork() == 0: memory = b"x" * (400 << 20); time.sleep(10)\nos.wait()';
    const beyond = await run(child);
    expect(beyond.result.end, beyond.stderr).toEqual({ kind: "limit", limit: "memory" });
  });
});
