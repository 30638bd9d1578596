import type { Machine } from "#platform/sandboxes";
import { describe, expect, it } from "vitest";
import type { SandboxLimits } from "./ports.ts";
import type { SandboxFrame } from "./run-frames.ts";
import { startRun } from "./run-in-progress.ts";

const limits: SandboxLimits = {
  wallMs: 30_000,
  cpuMs: 30_000,
  memoryBytes: 1_048_576,
  outputBytes: 1000,
  diskBytes: 1_048_576,
  diskInodes: 100,
  processes: 10,
};

/** A machine that accepts every frame and sends none by itself. */
const quietMachine = (): Machine => ({
  send: () => undefined,
  pause: () => undefined,
  resume: () => undefined,
  meter: {
    intervalMs: 50,
    begin: () => undefined,
    measure: () => ({ cpuMs: 0, memoryPeakBytes: 0, memoryExceeded: false }),
  },
  idleShare: 0.05,
  destroy: async () => undefined,
  detach: () => undefined,
  complaint: () => "",
});

const exit = { kind: "exit", signalled: false, code: 0, cpuMs: 0, memoryPeakBytes: 0 } as const;

const compiled = (
  runLimits: SandboxLimits = limits,
  steps: readonly [readonly string[], ...(readonly string[])[]] = [["/cc"]],
) => {
  const heard: string[] = [];
  const sent: string[] = [];
  const started = startRun({
    machine: { ...quietMachine(), send: (bytes) => void sent.push(Buffer.from(bytes).toString("latin1")) },
    job: {
      files: [],
      compile: { steps, env: {}, limits: { ...limits, outputBytes: 5000 } },
      run: { argv: ["/program"], env: {}, limits: runLimits },
    },
    listener: {
      stage: () => undefined,
      output: (_stream, chunk) => void heard.push(Buffer.from(chunk).toString()),
    },
    warmArgv: undefined,
    memoryBytes: 1_048_576,
  });
  const says = (text: string): void => started.frame({ kind: "output", stream: "stderr", bytes: Buffer.from(text) });
  const starts = (program: string): number => sent.filter((text) => text.includes(program)).length;
  return { run: started.run, frame: (frame: SandboxFrame): void => started.frame(frame), says, heard, starts };
};

describe("a run in progress", () => {
  it("[X87] the result has the usage of each stage", async () => {
    const { run, frame, says } = compiled();
    frame({ kind: "started" });
    says("warning");
    frame(exit);
    frame({ kind: "started" });
    says("out");
    frame({ ...exit, code: 3 });
    expect(await run.result).toMatchObject({
      before: [{ stage: "compile", end: { kind: "exited", exitCode: 0 }, usage: { outputBytes: 7 } }],
      stage: "run",
      end: { kind: "exited", exitCode: 3 },
      usage: { outputBytes: 3 },
    });
  });

  it("[X92] the commands of a compile stage run one after the other, and share its limits", async () => {
    const { run, frame, says, starts } = compiled(limits, [["/assembler"], ["/linker"]]);
    frame({ kind: "started" });
    says("w".repeat(3000));
    expect([starts("/assembler"), starts("/linker"), starts("/program")]).toEqual([1, 0, 0]);
    frame(exit);
    expect([starts("/linker"), starts("/program")]).toEqual([1, 0]);
    frame({ kind: "started" });
    says("w".repeat(3000));
    frame({ ...exit, code: 1 });
    expect(await run.result).toMatchObject({ stage: "compile", end: { kind: "limit", limit: "output" } });
    expect(starts("/program")).toBe(0);
  });

  it("[X92] a command that fails ends the run, and the next one is not started", async () => {
    const { run, frame, starts } = compiled(limits, [["/assembler"], ["/linker"]]);
    frame({ kind: "started" });
    frame({ ...exit, code: 1 });
    expect(await run.result).toMatchObject({ stage: "compile", end: { kind: "exited", exitCode: 1 } });
    expect(starts("/linker")).toBe(0);
  });

  it("[X31] the compiler's output has its own limit and is no part of the program's", async () => {
    const { run, frame, says, heard } = compiled();
    frame({ kind: "started" });
    says("w".repeat(3000));
    frame(exit);
    frame({ kind: "started" });
    says("hello");
    frame(exit);
    const { end, usage, stage } = await run.result;
    expect({ end, stage }).toEqual({ end: { kind: "exited", exitCode: 0 }, stage: "run" });
    expect(heard.at(-1)).toBe("hello");
    expect(usage.outputBytes).toBe(5);
  });

  it("[X31] output beyond the limit of its stage ends the run, and what fits is delivered", async () => {
    const { run, frame, says, heard } = compiled();
    frame({ kind: "started" });
    says("w".repeat(900));
    frame(exit);
    frame({ kind: "started" });
    says("a".repeat(990));
    says("b".repeat(20));
    const { end, usage } = await run.result;
    expect(end).toEqual({ kind: "limit", limit: "output" });
    expect(heard.at(-1)).toBe("b".repeat(10));
    expect(usage.outputBytes).toBe(1000);
  });

  it("[X31] a compiler that writes too much ends the run while it compiles", async () => {
    const { run, frame, says } = compiled();
    frame({ kind: "started" });
    says("w".repeat(5001));
    const { end, stage } = await run.result;
    expect({ end, stage }).toEqual({ end: { kind: "limit", limit: "output" }, stage: "compile" });
  });
});
