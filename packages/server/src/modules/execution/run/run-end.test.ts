/** How a run ends, decided from the sandbox's frames and the meter's measurements. */
import { type Machine, type Measurement, MemoryInUse, type Meter } from "#platform/sandboxes";
import { expect, test } from "vitest";
import type { SandboxResult } from "./ports.ts";
import { jobOf, testLimits } from "../../../platform/sandboxes/contract/harness.ts";
import { type RunInProgress, startRun } from "./run-in-progress.ts";

const nothingUsed: Measurement = { cpuMs: 0, memoryPeakBytes: 0, memoryExceeded: false };

/** A run on a machine whose meter returns the values of the test, and is read only at the run's start and end. */
const start = (
  meter: Partial<Meter>,
  { compile = false, destroy = () => Promise.resolve() }: { compile?: boolean; destroy?: Machine["destroy"] } = {},
): RunInProgress => {
  const machine: Machine = {
    send: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    meter: { intervalMs: 1_000_000, begin: () => undefined, measure: () => nothingUsed, ...meter },
    idleShare: 0.05,
    destroy,
    detach: () => undefined,
    complaint: () => "",
  };
  return startRun({
    machine,
    job: jobOf({ argv: ["true"], ...(compile ? { compile: ["true"] } : {}), limits: { cpuMs: 500 } }),
    listener: { output: () => undefined, stage: () => undefined },
    warmArgv: undefined,
    memoryBytes: testLimits.memoryBytes,
  });
};

const exit = (run: RunInProgress, code: number, signalled = false): Promise<SandboxResult> => {
  run.frame({ kind: "exit", signalled, code, cpuMs: 0, memoryPeakBytes: 0 });
  return run.run.result;
};

/** CPU time used before the run, and after it. */
const using = (beforeMs: number, withMs: number): Partial<Meter> => {
  const said = [beforeMs, withMs];
  return { measure: () => ({ ...nothingUsed, cpuMs: (said.length > 1 ? said.shift() : said[0]) ?? 0 }) };
};

test.each([
  [100, 599, 0, { kind: "exited", exitCode: 0 }],
  [100, 600, 0, { kind: "limit", limit: "cpu" }],
  [100, 5000, 0, { kind: "limit", limit: "cpu" }],
  [100, 5000, 1, { kind: "limit", limit: "cpu" }],
])("of 500 ms, CPU from %i to %i ms and exit code %i end with %j", async (before, after, code, end) => {
  expect((await exit(start(using(before, after)), code)).end).toEqual(end);
});

test("a compiler that used too much CPU ends the run, though it succeeded", async () => {
  expect(await exit(start(using(0, 600), { compile: true }), 0)).toMatchObject({
    stage: "compile",
    end: { kind: "limit", limit: "cpu" },
  });
});

test("a signal that comes with an exceeded limit counts as that limit", async () => {
  expect((await exit(start(using(0, 600)), 9, true)).end).toEqual({ kind: "limit", limit: "cpu" });
  expect((await exit(start(using(0, 10)), 9, true)).end).toEqual({ kind: "signalled", signal: "SIGKILL" });
});

test("a sandbox that uses more memory than the program may have is out of memory, not a system error", async () => {
  const begin = (): void => {
    throw new MemoryInUse();
  };
  expect((await start({ begin }).run.result).end).toEqual({ kind: "limit", limit: "memory" });
});

test("limits that cannot be set are a system error", async () => {
  const begin = (): void => {
    throw new Error("read-only");
  };
  expect((await start({ begin }).run.result).end).toMatchObject({ kind: "sandbox-failed" });
});

test("[X56] a program's end is reported when its processes have ended, before its sandbox is removed, or if that fails", async () => {
  let removals = 0;
  const never = (): Promise<void> => new Promise(() => void (removals += 1));
  expect((await exit(start({}, { destroy: never }), 3)).end).toEqual({ kind: "exited", exitCode: 3 });
  expect(removals).toBe(1);
  const failing = (): Promise<void> => Promise.reject(new Error("busy"));
  expect((await exit(start({}, { destroy: failing }), 0)).end).toEqual({ kind: "exited", exitCode: 0 });
});

test("[X56] the end of a run that is stopped from outside is reported when its sandbox has been removed", async () => {
  const gone = Promise.withResolvers<void>();
  const { run } = start({}, { destroy: () => gone.promise });
  let isTold = false;
  void run.result.then(() => (isTold = true));
  run.cancel();
  await new Promise((resolve) => setImmediate(resolve));
  expect(isTold).toBe(false);
  gone.resolve();
  expect((await run.result).end).toEqual({ kind: "cancelled" });
  const failing = start({}, { destroy: () => Promise.reject(new Error("busy")) }).run;
  failing.cancel();
  expect((await failing.result).end).toMatchObject({ kind: "sandbox-failed" });
});
