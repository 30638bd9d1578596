/** The gvisor tier against the providers' contract. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { silentLog } from "#kernel/log";
import { sandboxProviderContract } from "../ports.contract.ts";
import type { SandboxProvider } from "../ports.ts";
import { escapeAttempts } from "../contract/escape-attempts.ts";
import { aimedProgram, readOutcomes, withTargets } from "../contract/escapes.ts";
import { findResidue, runProgram } from "../contract/harness.ts";
import { providerParts } from "../contract/provider-parts.ts";
import { commandOf, warmUps } from "../contract/warm-cases.ts";
import { createGvisorProvider } from "./gvisor.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const runsc = join(process.env["ATELIER_TEST_TOOLS"] ?? "", "runsc");
/** Debian's package, not the one that scripts/lib/runsc-build.mjs builds. */
const isDebians = existsSync(runsc) && !execFileSync(runsc, ["--version"], { encoding: "utf8" }).includes("-atelier");
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
  isOldGvisor: isDebians,
  madeFrom: async () => ({
    module: "gvisor.ts",
    factory: "createGvisorProvider",
    options: { ...(await providerParts({ imageRoot, stateFolder })), runsc },
  }),
  open: () => open(stateFolder, runsc),
});

/** Puts a shell script in the place of runsc, which changes one argument and then starts the real one. */
const plantedRunsc = (folder: string, name: string, script: string): string => {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\nexec ${runsc} "$@"\n`, { mode: 0o755 });
  return path;
};

describe.skipIf(!existsSync(imageRoot) || !existsSync(runsc))("gVisor", { timeout: 60_000 }, () => {
  test("boots an image whose path goes through a symbolic link", async () => {
    const folder = mkdtempSync(join(tmpdir(), "atelier-gvisor-"));
    try {
      symlinkSync(imageRoot, join(folder, "image"));
      await using provider = await open(folder, runsc);
      const outcome = await runProgram({ provider, imageRoot: join(folder, "image") }, { argv: ["echo", "hello"] });
      expect(outcome.stdout, JSON.stringify(outcome.result.end)).toBe("hello\n");
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test("without init's filter grants what the escape checks expect to be refused: they can fail", async () => {
    const folder = mkdtempSync(join(tmpdir(), "atelier-gvisor-"));
    // The bundle's folder is the argument behind --bundle.
    const unfiltered = plantedRunsc(
      folder,
      "runsc-unfiltered",
      `b=; for a; do [ "$b" = here ] && sed -i 's|,"--seccomp=[^"]*"||' "$a/config.json"; b=; [ "$a" = --bundle ] && b=here; done`,
    );
    const names = [
      "make a user namespace",
      "mount with the rights of a user namespace",
      "open a packet socket with the rights of a user namespace",
      "clone into a user namespace",
      "keyctl",
      "syslog",
    ];
    const attempts = escapeAttempts.filter(({ name }) => names.includes(name));
    try {
      await using provider = await open(folder, unfiltered);
      const outcome = await withTargets((targets) =>
        runProgram(
          { provider, imageRoot },
          { argv: ["python3", "main.py"], files: { "main.py": aimedProgram(attempts, targets) } },
        ),
      );
      expect([...readOutcomes(outcome.stdout)], outcome.stderr).toEqual(
        attempts.map(({ name }) => [name, "got there"]),
      );
      expect(attempts).toHaveLength(names.length);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});

const canCopy = existsSync(imageRoot) && existsSync(runsc) && process.geteuid?.() === 0;

describe.skipIf(!canCopy)("a gVisor that cannot copy sandboxes", { timeout: 60_000 }, () => {
  test.each(["checkpoint", "restore"])("[I24] boots each of them where %s fails", async (command) => {
    const folder = mkdtempSync(join(tmpdir(), "atelier-gvisor-"));
    const warnings: unknown[] = [];
    const broken = plantedRunsc(folder, "runsc-broken", `case " $* " in *" ${command} "*) exit 1;; esac`);
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
