/** A sandbox of the namespaces tier without cgroups: how its memory is counted, and which memory it can't allocate. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { createBubblewrapProvider } from "../adapters/bubblewrap.ts";
import { findResidue, runProgram, testBlueprint, type TestProgram } from "../contract/harness.ts";
import { providerParts } from "../contract/provider-parts.ts";
import type { SandboxProvider } from "../ports.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const stateFolder = mkdtempSync(join(tmpdir(), "atelier-polled-"));
afterAll(() => rmSync(stateFolder, { recursive: true, force: true }));

describe.skipIf(!existsSync(imageRoot))("polled limits (set ATELIER_TEST_IMAGE)", { timeout: 60_000 }, () => {
  const open = async (): Promise<SandboxProvider> =>
    createBubblewrapProvider({
      ...(await providerParts({ imageRoot, stateFolder })),
      bwrap: "bwrap",
      findCgroups: () => undefined,
    });
  const run = async (code: string, limits: TestProgram["limits"] = {}): ReturnType<typeof runProgram> => {
    await using provider = await open();
    expect(provider.limitsEnforcement).toBe("polled");
    // Awaited here: the provider is closed when this function ends.
    return await runProgram(
      { provider, imageRoot },
      { argv: ["python3", "main.py"], files: { "main.py": code }, limits },
    );
  };

  test("memory that belongs to no process is refused with an error", async () => {
    const code = `
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
try:
    os.memfd_create("hidden")
    print("memfd")
except PermissionError as error:
    print(error.strerror)
print(libc.shmget(0, 1 << 20, 0o1600), os.strerror(ctypes.get_errno()))
`;
    const outcome = await run(code);
    expect(outcome.stdout, outcome.stderr).toBe("Operation not permitted\n-1 Operation not permitted\n");
    expect(findResidue(stateFolder)).toEqual([]);
  });

  test("[I63] a sandbox whose memory the server polls cannot outlive the server", async () => {
    await using provider = await open();
    const lifetime = { graceMs: 60_000, unattendedCpuMs: 1000 };
    await expect(provider.boot({ ...testBlueprint(imageRoot), lifetime })).rejects.toThrow("needs cgroups");
    expect(findResidue(stateFolder)).toEqual([]);
  });

  test("memory that several processes share counts once, and above the limit ends the run", async () => {
    const shared = `
import mmap, os, time
memory = mmap.mmap(-1, 100 << 20)
memory.write(b"x" * (100 << 20))
if any(os.fork() == 0 for _ in range(4)): memory[:: 4096]; time.sleep(60)
time.sleep(0.6)
print("within")
if os.environ.get("MORE"): more = b"x" * (200 << 20); time.sleep(10)
`;
    const within = await run(shared);
    expect(within.result.end, within.stderr).toEqual({ kind: "exited", exitCode: 0 });
    // Counted once per process it would be 500 MiB; a measurement during a fork may count some of it twice.
    expect(within.result.usage.memoryPeakBytes).toBeLessThan(300 << 20);
    const beyond = await run(shared.replace('os.environ.get("MORE")', "True"));
    expect(beyond.result.end, beyond.stderr).toEqual({ kind: "limit", limit: "memory" });
  });
});
