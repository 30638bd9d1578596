/** Disks that fail after they were tested: a provider recovers without a restart. */
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import { createBubblewrapProvider } from "../adapters/bubblewrap.ts";
import type { SandboxProvider } from "../ports.ts";
import { findResidue, runProgram } from "../contract/harness.ts";
import { providerParts } from "../contract/provider-parts.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const canMount = existsSync(imageRoot) && process.geteuid?.() === 0;

describe.skipIf(!canMount)("a sandbox's disk (set ATELIER_TEST_IMAGE)", { timeout: 60_000 }, () => {
  let stateFolder: string;
  let initPath: string;
  let provider: SandboxProvider;
  let warnings: unknown[];
  beforeEach(async () => {
    warnings = [];
    stateFolder = mkdtempSync(join(tmpdir(), "atelier-home-"));
    const parts = await providerParts({ imageRoot, stateFolder });
    initPath = parts.initPath;
    const log = { ...silentLog, warn: (event: string) => void warnings.push(event) };
    provider = createBubblewrapProvider({ ...parts, bwrap: "bwrap", log });
  });
  afterEach(async () => {
    await provider[Symbol.asyncDispose]();
    rmSync(stateFolder, { recursive: true, force: true });
  });

  const fileSystem = async (): Promise<string> => {
    const argv = ["stat", "--file-system", "--format=%T", "/project"];
    return (await runProgram({ provider, imageRoot }, { argv })).stdout.trim();
  };
  const template = (): string =>
    join(stateFolder, readdirSync(stateFolder).find((name) => name.startsWith("template-")) ?? "");

  test.each(["spoilt", "gone"])("[I27] a template that is %s is created again", async (what) => {
    expect(await fileSystem()).toBe("ext2/ext3");
    if (what === "gone") rmSync(template());
    else writeFileSync(template(), Buffer.alloc(1_048_576));
    await expect(fileSystem()).rejects.toThrow(/launch: cannot/u);
    expect(await fileSystem()).toBe("ext2/ext3");
    expect(warnings).toEqual([]);
    expect(findResidue(stateFolder)).toEqual([]);
  });

  test("[I27] when disks can't be mounted any more, files are kept in memory", async () => {
    expect(await fileSystem()).toBe("ext2/ext3");
    const real = join(stateFolder, "init-real");
    copyFileSync(initPath, real);
    rmSync(initPath);
    writeFileSync(
      initPath,
      `#!/bin/sh\ncase " $* " in *" --disk "*) echo "launch: cannot find a free loop device" >&2; exit 71;; esac\nexec ${real} "$@"\n`,
    );
    chmodSync(initPath, 0o755);
    await expect(fileSystem()).rejects.toThrow(/free loop device/u);
    expect(await fileSystem()).toBe("tmpfs");
    expect(await fileSystem()).toBe("tmpfs");
    expect(warnings).toEqual(["execution.disks-in-memory"]);
    expect(findResidue(stateFolder)).toEqual([]);
  });
});
