/** A sandbox provider whose runs do what a test says: for the service's own rules, not for isolation. */
import type { SandboxBlueprint } from "#platform/sandboxes";
import type {
  RunProvider,
  SandboxCollected,
  SandboxEnd,
  SandboxJob,
  SandboxListener,
  SandboxResult,
  SandboxRun,
  SandboxStage,
  WarmSandbox,
} from "./run/ports.ts";

/** One run as the test sees it: it writes, it ends, and it can look at what arrived. */
export type ScriptedRun = {
  readonly job: SandboxJob;
  stage(stage: SandboxStage): void;
  output(stream: "stdout" | "stderr" | "terminal", text: string | Uint8Array): void;
  end(end: SandboxEnd, stage?: SandboxStage): void;
  /** The files that the run delivers at its end, when the job has `collect`. */
  leaves: readonly SandboxCollected[];
  /** The stages that ended before the last one. */
  before: SandboxResult["before"];
  outputCut: boolean;
  /** The program begins to wait for input; returns whether it may. */
  wait(): boolean;
  /** The program works again. */
  work(): void;
  readonly stdin: Buffer[];
  readonly events: string[];
  paused: boolean;
  /** What writeStdin answers. */
  takesInput: boolean;
  drain(): void;
};

export type ScriptedProvider = RunProvider & {
  readonly runs: ScriptedRun[];
  readonly booted: SandboxBlueprint[];
  disposed: number;
  /** Called for each run as it begins. */
  onRun: (run: ScriptedRun) => void;
  /** Called as each sandbox is disposed of, which waits for it. */
  beforeEnd: () => void | Promise<void>;
  /** Called before each boot; may throw or wait. */
  beforeBoot: () => void | Promise<void>;
  /** Lets the sandboxes that wait die. */
  killWaiting(): void;
};

const usage = { wallMs: 5, cpuMs: 3, memoryPeakBytes: 4096, outputBytes: 0 };

const createRun = (job: SandboxJob, listener: SandboxListener): { scripted: ScriptedRun; run: SandboxRun } => {
  const result = Promise.withResolvers<Awaited<SandboxRun["result"]>>();
  let drained = Promise.withResolvers<void>();
  const scripted: ScriptedRun = {
    job,
    stage: (stage) => listener.stage(stage),
    output: (stream, text) => listener.output(stream, typeof text === "string" ? Buffer.from(text) : text),
    end: (end, stage = "run") =>
      result.resolve({
        stage,
        end,
        usage,
        ...(scripted.before === undefined ? {} : { before: scripted.before }),
        ...(scripted.outputCut ? { outputCut: true } : {}),
        ...(job.collect === undefined ? {} : { collected: scripted.leaves }),
      }),
    wait() {
      const may = job.patience?.begin() === true;
      if (may) listener.waits?.(true);
      return may;
    },
    work() {
      job.patience?.end();
      listener.waits?.(false);
    },
    leaves: [],
    before: undefined,
    outputCut: false,
    stdin: [],
    events: [],
    paused: false,
    takesInput: true,
    drain() {
      drained.resolve();
      drained = Promise.withResolvers();
    },
  };
  const run: SandboxRun = {
    result: result.promise,
    writeStdin(chunk) {
      scripted.stdin.push(Buffer.from(chunk));
      return scripted.takesInput;
    },
    drained: () => drained.promise,
    endStdin: () => void scripted.events.push("stdin-end"),
    signal: (name) => void scripted.events.push(name),
    resize: ({ columns, rows }) => void scripted.events.push(`${columns}x${rows}`),
    pauseOutput: () => void (scripted.paused = true),
    resumeOutput: () => void (scripted.paused = false),
    cancel: () => scripted.end({ kind: "cancelled" }),
  };
  return { scripted, run };
};

export const createScriptedProvider = (): ScriptedProvider => {
  const deaths = new Set<() => void>();
  const provider: ScriptedProvider = {
    tier: "namespaces",
    limitsEnforcement: "polled",
    runs: [],
    booted: [],
    disposed: 0,
    onRun: () => undefined,
    beforeEnd: () => undefined,
    beforeBoot: () => undefined,
    killWaiting() {
      for (const die of deaths) die();
    },
    async boot(blueprint) {
      await provider.beforeBoot();
      provider.booted.push(blueprint);
      const died = Promise.withResolvers<void>();
      deaths.add(died.resolve);
      let used = false;
      const sandbox: WarmSandbox = {
        tier: provider.tier,
        limitsEnforcement: provider.limitsEnforcement,
        died: died.promise,
        run(job, listener) {
          if (used) throw new Error("a sandbox was used twice");
          used = true;
          deaths.delete(died.resolve);
          const { scripted, run } = createRun(job, listener);
          provider.runs.push(scripted);
          provider.onRun(scripted);
          return run;
        },
        async [Symbol.asyncDispose]() {
          await provider.beforeEnd();
          provider.disposed += 1;
        },
      };
      return sandbox;
    },
    removeOrphans: async () => 0,
    async [Symbol.asyncDispose]() {},
  };
  return provider;
};
