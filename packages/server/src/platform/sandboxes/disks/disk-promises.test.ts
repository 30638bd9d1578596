/** Disks for sandboxes are promised out of what is really free, and files go to memory where that is too little. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import { createBubblewrapProvider } from "../adapters/bubblewrap.ts";
import type { SandboxProvider } from "../ports.ts";
import { findResidue, runProgram, testLimits } from "../contract/harness.ts";
import { providerParts } from "../contract/provider-parts.ts";
import { createDiskPromises, reservedBytes } from "./disk-promises.ts";
import { imageBytes } from "./scratch-disk.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const stateFolder = mkdtempSync(join(tmpdir(), "atelier-disks-"));
afterAll(() => rmSync(stateFolder, { recursive: true, force: true }));
const gibibyte = 1024 ** 3;

test("[I26] so many disks are promised as fit above the reserve, and one more when one has gone", async () => {
  const events: string[] = [];
  const log = { ...silentLog, warn: (event: string) => void events.push(event) };
  let free = reservedBytes + 3 * gibibyte;
  const promises = createDiskPromises({ folder: "/", log, freeBytes: () => Promise.resolve(free) });
  const given = await Promise.all(["a", "b", "c", "d", "e"].map((name) => promises.give(name, gibibyte)));
  expect(given).toEqual([true, true, true, false, false]);
  expect(events).toEqual(["execution.disk-short"]);
  promises.release("b");
  expect(await promises.give("f", gibibyte)).toBe(true);
  expect(await promises.give("g", gibibyte)).toBe(false);
  expect(events, "told once").toEqual(["execution.disk-short"]);
  promises.release("a");
  free -= 1;
  expect(await promises.give("g", gibibyte)).toBe(false);
  free += 2 * gibibyte;
  expect(await promises.give("g", gibibyte)).toBe(true);
  expect(events).toEqual(["execution.disk-short", "execution.disk-has-space"]);
});

test("the disk is really asked", async () => {
  const promises = createDiskPromises({ folder: tmpdir(), log: silentLog });
  expect(await promises.give("all of it", Number.MAX_SAFE_INTEGER)).toBe(false);
});

const canMount = existsSync(imageRoot) && process.geteuid?.() === 0;

describe.skipIf(!canMount)(
  "sandboxes on a disk with little space (set ATELIER_TEST_IMAGE)",
  { timeout: 60_000 },
  () => {
    let free = 0;
    const open = async (): Promise<SandboxProvider> =>
      createBubblewrapProvider({
        ...(await providerParts({ imageRoot, stateFolder })),
        bwrap: "bwrap",
        freeBytes: () => Promise.resolve(free),
      });
    const writes =
      "try:\n  with open('/project/x', 'wb') as f:\n    for _ in range(100): f.write(bytes(1 << 20))\nexcept OSError as error: print(error.strerror)";
    const kindOf = "print([line.split()[2] for line in open('/proc/mounts') if line.split()[1] == '/project'][0])";
    const run = async (provider: SandboxProvider, code: string): Promise<string> =>
      (await runProgram({ provider, imageRoot }, { argv: ["python3", "main.py"], files: { "main.py": code } })).stdout;

    test("[I26] they keep files in memory while there is none, within the same limit, and are given disks again", async () => {
      await using provider = await open();
      expect(await run(provider, kindOf)).toBe("tmpfs\n");
      expect(await run(provider, writes)).toBe("No space left on device\n");
      // Space for one: it is given back with its sandbox.
      free = reservedBytes + imageBytes({ bytes: testLimits.diskBytes, inodes: testLimits.diskInodes });
      for (let runs = 0; runs < 3; runs++) expect(await run(provider, kindOf)).toBe("ext4\n");
      expect(findResidue(stateFolder)).toEqual([]);
    });
  },
);
