/** Takes one execution from the head of the queue to its end: claims a sandbox, runs the job, reports how it ended. */
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { SandboxJob, SandboxPatience, SandboxResult, SandboxRun, SandboxStage, WarmSandbox } from "./run/ports.ts";
import { MAX_COLLECTED_BYTES, MAX_COLLECTED_FILES } from "@atelier/contracts";
import { createCollectFilter } from "./collect-globs.ts";
import type { TransferShare, TransferBudget } from "./transfer-budget.ts";
import { endingOf, NO_USAGE, type SandboxFacts } from "./execution-state.ts";
import type { ExecutionMetrics } from "./execution-metrics.ts";
import type { FileCollector } from "./file-collector.ts";
import type { JobFiles, LoadedFiles } from "./job-files.ts";
import type { LiveExecution } from "./live-execution.ts";
import type { RunErrorSearch } from "./run-errors.ts";
import type { RunJob } from "./run-job.ts";
import type { SandboxKind, WarmPool } from "./warm-pool.ts";

/** A job, what it runs in, and what is the queue's own. */
export type Program = {
  readonly kind: SandboxKind;
  readonly job: RunJob;
  /** Whether somebody may type: the wall clock is paused while the program waits for input. */
  readonly patience?: SandboxPatience;
};

export type RunnerOptions = {
  readonly pool: WarmPool;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: ExecutionMetrics;
  readonly files: Pick<JobFiles, "load">;
  /** Memory for the files that come back. */
  readonly transferBudget: TransferBudget;
  /** Writes them back into the project. */
  readonly keepFiles: FileCollector;
  /** Where a program failed. */
  readonly findErrors: RunErrorSearch;
  /** After every move of the state but the last. */
  readonly moved: (live: LiveExecution) => void;
};

export type Runner = (live: LiveExecution, program: Program) => Promise<void>;

const ATTEMPTS = 2;
/** Beyond the stages' own wall limits: boot, files, draining, tearing down. */
const GRACE_MS = 20_000;

/** What a run has beside its job until its sandbox has been removed. */
type Claimed = { readonly sandbox: WarmSandbox; readonly part: TransferShare };

type Attempt = { readonly result: SandboxResult; readonly started: SandboxStage | null };

export const createRunner = (options: RunnerOptions): Runner => {
  const { pool, clock, log, metrics, files, transferBudget, keepFiles, findErrors, moved } = options;
  /** A sandbox that does not answer any more counts as dead, so that a run never hangs. */
  const createDeadline = () => {
    const overdue = Promise.withResolvers<SandboxResult>();
    let timer: Timer | undefined;
    return {
      overdue: overdue.promise,
      /** Replaces the deadline: `deadlineMs` from now on. */
      set(deadlineMs: number): void {
        timer?.cancel();
        timer = clock.after(deadlineMs, () =>
          overdue.resolve({
            stage: "run",
            end: { kind: "sandbox-failed", reason: "the sandbox did not end in time" },
            usage: { wallMs: deadlineMs, cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
          }),
        );
      },
      cancel: (): void => timer?.cancel(),
    };
  };

  const attempt = async (
    live: LiveExecution,
    program: Program,
    { sandbox, part, loaded }: Claimed & { readonly loaded: LoadedFiles },
  ): Promise<Attempt> => {
    const facts: SandboxFacts = { tier: sandbox.tier, limitsEnforcement: sandbox.limitsEnforcement };
    let started: SandboxStage | null = null;
    let startedAtMs = 0;
    let sawOutput = false;
    const onStage = (of: SandboxRun, stage: SandboxStage): void => {
      const isFirst = started === null;
      started = stage;
      if (isFirst) {
        loaded.release();
        startedAtMs = clock.now();
        metrics.started(live.facts.language, startedAtMs - live.facts.queuedAtMs);
      }
      const status = stage === "compile" ? "compiling" : "running";
      if (live.advance({ status, startedAtMs, sandbox: facts })) moved(live);
      // The stage is announced as it begins, and its first events only after that.
      queueMicrotask(() => {
        if (isFirst) live.input.start(of);
        if (stage === "run") live.input.connect(of);
      });
    };
    const { compile, run: command, collect } = program.job;
    const patience =
      program.patience === undefined
        ? {}
        : { patience: { ...program.patience, begin: () => !live.cancelled && program.patience?.begin() === true } };
    const terminal = live.facts.tty ? { terminal: live.input.size } : {};
    const collects =
      collect === undefined
        ? {}
        : {
            collect: {
              wants: createCollectFilter(collect),
              maxFiles: MAX_COLLECTED_FILES,
              maxBytes: MAX_COLLECTED_BYTES,
              reserve: (bytes: number) => part.reserve(bytes),
            },
          };
    const commands = { ...(compile === undefined ? {} : { compile }), run: command };
    // It has its own list: the contents are free once the sandbox has them.
    const jobOf = (): SandboxJob => ({
      ...commands,
      files: [...loaded.files],
      owner: program.job.userId,
      ...collects,
      ...patience,
      ...terminal,
    });
    const deadline = createDeadline();
    const deadlineMs = (compile?.limits.wallMs ?? 0) + command.limits.wallMs + GRACE_MS;
    const early: SandboxStage[] = [];
    const begun: { run?: SandboxRun } = {};
    const run = sandbox.run(jobOf(), {
      // A provider may report the first stage before `run` has returned.
      stage: (stage) => {
        if (begun.run === undefined) early.push(stage);
        else onStage(begun.run, stage);
      },
      output: (stream, chunk) => {
        if (!sawOutput) metrics.firstByte(live.facts.language, clock.now() - live.facts.queuedAtMs);
        sawOutput = true;
        live.output(stream, chunk);
      },
      waits(waits) {
        deadline.set(waits ? (program.patience?.idleMs ?? 0) + GRACE_MS : deadlineMs);
        live.waits(waits);
        moved(live);
      },
    });
    begun.run = run;
    for (const stage of early) onStage(run, stage);
    live.connect(run);
    deadline.set(deadlineMs);
    const result = await Promise.race([run.result, deadline.overdue]);
    deadline.cancel();
    return { result, started: started ?? (sawOutput ? "run" : null) };
  };

  /** A sandbox that died while it was claimed refuses its job: nothing ran there. */
  const attemptOrRefusal = async (live: LiveExecution, program: Program, claimed: Claimed): Promise<Attempt> => {
    const loaded = await files.load(program.job);
    try {
      // It may have been cancelled while it waited for memory.
      if (live.state.status === "ended") {
        return { result: { stage: "run", end: { kind: "cancelled" }, usage: NO_USAGE }, started: null };
      }
      return await attempt(live, program, { ...claimed, loaded });
    } catch (error) {
      const end = { kind: "sandbox-failed", reason: String(error) } as const;
      return { result: { stage: "run", end, usage: NO_USAGE }, started: null };
    } finally {
      loaded.release();
    }
  };

  /** Runs in one sandbox. True: no process of the user's started there, so another sandbox may be tried. */
  const runOn = async (sandbox: WarmSandbox, live: LiveExecution, program: Program): Promise<boolean> => {
    const part = transferBudget.of(program.job.userId);
    try {
      if (live.state.status === "ended") return false;
      const { result, started } = await attemptOrRefusal(live, program, { sandbox, part });
      if (result.end.kind === "sandbox-failed") {
        log.error("execution.sandbox-failed", { executionId: live.facts.id, reason: result.end.reason, started });
        if (started === null && !live.cancelled) return true;
      }
      if (result.outputCut === true) live.cutOutput();
      const { collected = [] } = result;
      const { keep } = program.job;
      if (keep !== undefined && collected.length > 0) {
        part.shrink(collected.reduce((sum, file) => sum + ("bytes" in file ? file.bytes.byteLength : 0), 0));
        live.collect(await keepFiles(keep, collected));
      }
      const ending = endingOf(result);
      live.noteErrors(findErrors(live, { ending, paths: program.job.files.map(({ path }) => path) }));
      const { stage, end, usage, before = [] } = result;
      if (started === null) live.finish({ ending, stage: null, usage });
      else live.finish({ ending, stage, usage, stages: [...before, { stage, end, usage }] });
      return false;
    } finally {
      await sandbox[Symbol.asyncDispose]();
      part.release();
    }
  };

  return async (live, program) => {
    // It is being prepared already when its image had to be built.
    if (live.advance({ status: "preparing" })) moved(live);
    else if (live.state.status !== "preparing") return;
    try {
      for (let number = 1; number <= ATTEMPTS; number += 1) {
        const { sandbox, warm } = await pool.claim(program.kind);
        metrics.claimed(live.facts.language, warm);
        if (!(await runOn(sandbox, live, program))) return;
      }
    } catch (error) {
      log.error("execution.run-failed", { executionId: live.facts.id, error });
    } finally {
      live.finish({ ending: { status: live.cancelled ? "cancelled" : "system-error" }, stage: null });
    }
  };
};
