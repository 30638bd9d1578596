/** The gvisor tier against the providers' contract. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import { sandboxProviderContract } from "../ports.contract.ts";
import type { SandboxProvider } from "../ports.ts";
import { findResidue, runProgram } from "../sandbox/contract/harness.ts";
import { providerParts } from "../sandbox/contract/provider-parts.ts";
import { commandOf, warmUps } from "../sandbox/contract/warm-cases.ts";
import { createGvisorProvider } from "./gvisor.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const runsc = join(process.env["ATELIER_TEST_TOOLS"] ?? "", "runsc");
const stateFolder = mkdtempSync(join(tmpdir(), "atelier-gvisor-"));

const open = async (folder: string, program: string, log = silentLog): Promise<SandboxProvider> =>
  createGvisorProvider({
    ...(await providerParts({ imageRoot, stateFolder: folder })),
    runsc: program,
    log,
  });

sandboxProviderContract({
  tier: "gvisor",
  missing: existsSync(imageRoot) && existsSync(runsc) ? undefined : "set ATELIER_TEST_IMAGE and ATELIER_TEST_TOOLS",
  imageRoot,
  stateFolder,
  open: () => open(stateFolder, runsc),
});

const canCopy = existsSync(imageRoot) && existsSync(runsc) && process.geteuid?.() === 0;

describe.skipIf(!canCopy)("a gVisor that cannot copy sandboxes", { timeout: 60_000 }, () => {
  test.each(["checkpoint", "restore"])("[X24] boots each of them where %s fails", async (command) => {
    const folder = mkdtempSync(join(tmpdir(), "atelier-gvisor-"));
    const warnings: unknown[] = [];
    const broken = join(folder, "runsc-broken");
    writeFileSync(broken, `#!/bin/sh\ncase " $* " in *" ${command} "*) exit 1;; esac\nexec ${runsc} "$@"\n`, {
      mode: 0o755,
    });
    try {
      await using provider = await open(folder, broken, { ...silentLog, warn: (event) => void warnings.push(event) });
      for (let runs = 0; runs < 3; runs++) {
        const outcome = await runProgram(
          { provider, imageRoot },
          {
            argv: commandOf("python", "main.py"),
            files: { "main.py": "import sys; print('json' in sys.modules)" },
            warmUp: warmUps.python,
          },
        );
        expect(outcome.stdout, outcome.stderr).toBe("True\n");
      }
      expect(warnings).toEqual([`execution.${command === "restore" ? "copy" : "original"}-failed`]);
      expect(findResidue(folder)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
