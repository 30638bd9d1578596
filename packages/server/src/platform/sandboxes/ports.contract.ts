/** The contract suite of SandboxProvider: ordinary programs, interactive programs, limits, escapes, and complete removal. */
import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { IsolationTier, SandboxProvider } from "./ports.ts";
import { testAdoption } from "./contract/adoption.ts";
import { testCollecting } from "./contract/collecting.ts";
import { testConversations } from "./contract/conversations.ts";
import { testEscapes } from "./contract/escapes.ts";
import { findResidue, runProgram, testLimits } from "./contract/harness.ts";
import { testHostFacts } from "./contract/host-facts.ts";
import { waitUntil } from "./machine/host-processes.ts";
import { limitCases } from "./contract/limit-cases.ts";
import { testNeighbours } from "./contract/neighbours.ts";
import { testMounts } from "./contract/mounts.ts";
import { testOpenedByPath } from "./contract/opened-by-path.ts";
import { testTerminals } from "./contract/terminals.ts";
import { programCases } from "./contract/programs.ts";
import { testWaiting } from "./contract/waiting.ts";
import { testSocketMemory } from "./contract/socket-cases.ts";
import { testWarmStarts } from "./contract/warm-starts.ts";

/** A provider under test. */
export type ProviderUnderTest = {
  readonly tier: IsolationTier;
  /** What this machine lacks to run the suite, for the report of skipped tests. */
  readonly missing: string | undefined;
  /** The base image's root folder. */
  readonly imageRoot: string;
  readonly stateFolder: string;
  /** The sandbox runs in Debian's gVisor of 2024: tests of what that version cannot do are skipped. */
  readonly isOldGvisor?: boolean;
  /** A recipe with which another process creates the same provider. */
  readonly madeFrom: () => Promise<ProviderRecipe>;
  /** A new provider over the same state folder, as after a restart of the server. */
  readonly open: () => Promise<SandboxProvider>;
};

/** A file in `adapters`, the function that it exports, and that function's options but for the log. */
export type ProviderRecipe = {
  readonly module: string;
  readonly factory: string;
  readonly options: Readonly<Record<string, unknown>>;
};

/** What the parts of the suite are given; `provider` is there once tests run. */
export type ContractContext = {
  readonly tier: IsolationTier;
  readonly imageRoot: string;
  readonly stateFolder: string;
  readonly isOldGvisor: boolean;
  readonly open: () => Promise<SandboxProvider>;
  readonly provider: () => SandboxProvider;
  readonly madeFrom: () => Promise<ProviderRecipe>;
};

/** Declares the suite. */
export const sandboxProviderContract = (subject: ProviderUnderTest): void => {
  const lacking = subject.missing === undefined ? "" : ` (${subject.missing})`;
  describe.skipIf(lacking !== "")(`sandbox provider ${subject.tier}${lacking}`, { timeout: 60_000 }, () => {
    let provider: SandboxProvider | undefined;
    const require = (): SandboxProvider => {
      if (provider === undefined) throw new Error("the provider is not open");
      return provider;
    };
    const context: ContractContext = { isOldGvisor: false, ...subject, provider: require };
    const run = (program: Parameters<typeof runProgram>[1]): ReturnType<typeof runProgram> =>
      runProgram({ provider: require(), imageRoot: subject.imageRoot }, program);

    beforeAll(async () => {
      provider = await subject.open();
    });
    afterEach(async () => {
      await waitUntil(() => findResidue(subject.stateFolder).length === 0, 10_000);
      expect(findResidue(subject.stateFolder), "left on the host").toEqual([]);
    });
    afterAll(async () => {
      await provider?.[Symbol.asyncDispose]();
      rmSync(subject.stateFolder, { recursive: true, force: true });
    });

    describe("runs", () => {
      test.each(programCases)("$name", async ({ program, stdout, stderr, end, stage }) => {
        const outcome = await run(program);
        expect(outcome.result.end, outcome.stderr).toEqual(end);
        expect(outcome.result.stage).toBe(stage ?? "run");
        expect(outcome.stdout).toBe(stdout ?? outcome.stdout);
        expect(outcome.stderr).toContain(stderr ?? "");
        expect(outcome.result.usage.wallMs).toBeGreaterThan(0);
      });
    });

    describe("limits", () => {
      for (const needsCurrent of [false, true]) {
        test
          .skipIf(needsCurrent && context.isOldGvisor)
          .each(limitCases.filter(({ needsCurrentGvisor = false }) => needsCurrentGvisor === needsCurrent))(
          "$name, and the next run is unaffected",
          async ({ program, ends, withinMs, ...row }) => {
            const startedAt = performance.now();
            const outcome = await run(program);
            const tookMs = performance.now() - startedAt;
            expect(ends, outcome.stderr).toContainEqual(outcome.result.end);
            const inMemory = subject.tier === "gvisor" && process.geteuid?.() !== 0;
            const says = inMemory ? (row.saysInGvisorMemory ?? row.says) : row.says;
            expect(outcome.stdout).toContain(outcome.result.end.kind === "exited" ? (says ?? "") : "");
            expect(tookMs).toBeLessThan(withinMs ?? Number.POSITIVE_INFINITY);
            // In gVisor, where a boot is expensive, the next row's program serves as the next run, unless the whole suite is run.
            if (subject.tier === "gvisor" && process.env["ATELIER_TEST_WHOLE"] !== "yes") return;
            const next = await run({ argv: ["echo", "unaffected"] });
            expect(next.stdout).toBe("unaffected\n");
          },
        );
      }
    });

    describe("usage", () => {
      const fill = (mebibytes: number, indent = ""): string =>
        [`memory = bytearray(${mebibytes} << 20)`, "for at in range(0, len(memory), 4096): memory[at] = 1"]
          .map((line) => `${indent}${line}\n`)
          .join("");
      const limitMiB = testLimits.memoryBytes / 2 ** 20;
      const measure = async (code: string) => {
        const { result, stderr } = await run({ argv: ["python3", "main.py"], files: { "main.py": code } });
        return { end: result.end, stderr, peakMiB: result.usage.memoryPeakBytes / 2 ** 20 };
      };

      test("[I41] the reported peak is what the program used", async () => {
        const { end, stderr, peakMiB } = await measure(fill(100));
        expect(end, stderr).toEqual({ kind: "exited", exitCode: 0 });
        expect(peakMiB).toBeGreaterThan(100);
        expect(peakMiB).toBeLessThan(140);
      });

      test("[I41] the reported peak of a program that soon ends is within its limit, whatever it wanted", async () => {
        const { end, stderr, peakMiB } = await measure(`
import os
for _ in range(2):
    if os.fork() == 0:
${fill(145, " ".repeat(8))}
        os._exit(0)
os.wait()
os.wait()
`);
        expect(
          [
            { kind: "exited", exitCode: 0 },
            { kind: "limit", limit: "memory" },
          ],
          stderr,
        ).toContainEqual(end);
        expect(peakMiB).toBeGreaterThan(limitMiB / 2);
        expect(peakMiB).toBeLessThanOrEqual(limitMiB);
      });
    });

    testConversations(context);
    testTerminals(context);
    testCollecting(context);
    testWaiting(context);
    testWarmStarts(context);
    testEscapes(context);
    testOpenedByPath(context);
    testMounts(context);
    testAdoption(context);
    testHostFacts(context);
    testNeighbours(context);
    testSocketMemory(context);
  });
};
