/** One job in one sandbox: stages, limits, output, and the only code that ends a run. */
import { encodeData, encodeFrame, type Machine, type Measurement, MemoryInUse } from "#platform/sandboxes";
import { constants } from "node:os";
import type {
  SandboxCollected,
  SandboxCommand,
  SandboxEnd,
  SandboxJob,
  SandboxLimits,
  SandboxListener,
  SandboxResult,
  SandboxRun,
  SandboxStage,
  SandboxStageResult,
  SandboxUsage,
} from "./ports.ts";
import { type Collection, startCollection } from "./collection.ts";
import { createInputWait, type InputWait } from "./input-wait.ts";
import { createInputWindow } from "./input-window.ts";
import { type SandboxFrame, toSandbox } from "./run-frames.ts";
import { encodeStart, stepsOf } from "./start-frame.ts";

/** What the run needs from the sandbox it runs in. */
export type RunOptions = {
  readonly machine: Machine;
  readonly job: SandboxJob;
  readonly listener: SandboxListener;
  /** The waiting interpreter takes the run; `argv` is then the interpreter, the script and its arguments. */
  readonly warmArgv: readonly string[] | undefined;
  /** The sandbox's own ceiling, in bytes. */
  readonly memoryBytes: number;
};

/** A run that is also told what the sandbox says. */
export type RunInProgress = {
  readonly run: SandboxRun;
  frame(frame: SandboxFrame): void;
  /** Called when the channel ended or sent something malformed. */
  lost(reason?: string): void;
};

const signalName = (number: number): string =>
  Object.entries(constants.signals).find(([, value]) => value === number)?.[0] ?? `SIG${number}`;

/** Deadline from a limit or stop to the delivery of the program's last output. */
const WIND_DOWN_MS = 1000;
/** Deadline for the list of the project folder's files after that, and again for all collected files. */
const COLLECT_MS = 5000;

const nothing: Measurement = { cpuMs: 0, memoryPeakBytes: 0, memoryExceeded: false };

/** Starts the job at once. Throws RangeError, with nothing sent, when the job can't be encoded. */
export const startRun = ({ machine, job: given, listener, warmArgv, memoryBytes }: RunOptions): RunInProgress => {
  // No function below refers to the files: their contents are free as soon as the sandbox has them.
  const { files, ...job } = given;
  const known = new Map(files.map(({ path, hash }) => [path, hash]));
  const { promise: result, resolve } = Promise.withResolvers<SandboxResult>();
  /** The commands of the compile stage that are still to start, the next one first. */
  const steps = stepsOf(job.compile);
  let stage: SandboxStage = steps.length === 0 ? "run" : "compile";
  let startedAt: number | undefined;
  let cpuBefore = 0;
  let last = nothing;
  /** Output bytes of the current stage: the compiler's output has its own limit. */
  let outputBytes = 0;
  let ended = false;
  /** The end is decided; the rest of the output, and the files, are still to come. */
  let decided: SandboxEnd | undefined;
  let wallMs = 0;
  let outputCut = false;
  const before: SandboxStageResult[] = [];
  let collection: Collection | undefined;
  let terminal = job.terminal;
  let wallTimer: NodeJS.Timeout | undefined;
  let meterTimer: NodeJS.Timeout | undefined;
  let lastTimer: NodeJS.Timeout | undefined;
  let wait: InputWait | undefined;
  /** What is left of the stage's wall time at `wallSince`; it counts down unless the program waits for input. */
  let wallLeftMs = 0;
  let wallSince = 0;

  const send = (frame: Uint8Array): void => {
    if (!ended) machine.send(frame);
  };
  const input = createInputWindow(send);
  const limitsOf = (of: SandboxStage): SandboxLimits =>
    of === "compile" && job.compile !== undefined ? job.compile.limits : job.run.limits;
  const stopTimers = (): void => {
    clearTimeout(wallTimer);
    clearTimeout(meterTimer);
  };

  const measure = (): Measurement => {
    try {
      last = machine.meter.measure();
    } catch {
      // The cgroup or process is gone: the last measurement counts.
    }
    return last;
  };

  /** The program no longer runs after this: its input, its limits and its clock end. */
  const decide = (end: SandboxEnd): void => {
    decided = end;
    stopTimers();
    wait?.stop();
    input.close();
    measure();
    wallMs = startedAt === undefined ? 0 : performance.now() - startedAt;
    // The rest is delivered at once: a slow listener does not delay the end.
    machine.resume();
  };

  const usageOfStage = (): SandboxUsage => ({
    wallMs,
    cpuMs: Math.max(0, last.cpuMs - cpuBefore),
    memoryPeakBytes: last.memoryPeakBytes,
    outputBytes,
  });

  /** `collected` of a program whose processes have all ended: it is told so at once, and not after the sandbox has gone. */
  const finish = (end: SandboxEnd, after?: { readonly collected: readonly SandboxCollected[] | undefined }): void => {
    if (ended) return;
    if (decided === undefined) decide(end);
    ended = true;
    clearTimeout(lastTimer);
    const finalStage = stage;
    const usage = usageOfStage();
    const settle = (outcome: SandboxEnd): void =>
      resolve({
        stage: finalStage,
        end: outcome,
        usage,
        ...(before.length === 0 ? {} : { before }),
        ...(outputCut ? { outputCut } : {}),
        ...(after?.collected === undefined ? {} : { collected: after.collected }),
      });
    const destroyed = machine.destroy();
    if (after !== undefined) {
      // Whoever disposes of the sandbox is told.
      destroyed.catch(() => undefined);
      settle(end);
      return;
    }
    destroyed.then(
      () => settle(end),
      (error: unknown) =>
        settle({ kind: "sandbox-failed", reason: `the sandbox could not be removed: ${String(error)}` }),
    );
  };

  /** Kills the program, and delivers what it wrote until then. */
  const windDown = (end: SandboxEnd): void => {
    if (decided !== undefined) return;
    if (startedAt === undefined) return finish(end);
    decide(end);
    send(encodeFrame(toSandbox.end));
    lastTimer = setTimeout(() => {
      outputCut = true;
      finish(end);
    }, WIND_DOWN_MS);
  };

  /** Every process has ended and all output has arrived. */
  const collectAndFinish = (end: SandboxEnd): void => {
    if (decided === undefined) decide(end);
    clearTimeout(lastTimer);
    if (stage !== "run" || job.collect === undefined) return finish(end, { collected: undefined });
    const { collect } = job;
    const giveTime = (): void => {
      clearTimeout(lastTimer);
      lastTimer = setTimeout(() => collection?.stop(), COLLECT_MS);
    };
    giveTime();
    const done = (collected: readonly SandboxCollected[]): void => finish(end, { collected });
    collection = startCollection({ send, collect, known, fetching: giveTime, done });
  };

  const checkUsage = (): void => {
    const { cpuMs, memoryExceeded } = measure();
    if (memoryExceeded) windDown({ kind: "limit", limit: "memory" });
    else if (cpuMs - cpuBefore >= limitsOf(stage).cpuMs) windDown({ kind: "limit", limit: "cpu" });
    else {
      wait?.tick(cpuMs);
      if (decided === undefined) meterTimer = setTimeout(checkUsage, machine.meter.intervalMs);
    }
  };

  const runWallClock = (): void => {
    wallSince = performance.now();
    wallTimer = setTimeout(() => windDown({ kind: "limit", limit: "wall" }), Math.max(0, wallLeftMs));
  };
  const stopWallClock = (): void => {
    clearTimeout(wallTimer);
    wallLeftMs -= performance.now() - wallSince;
  };

  const watchInput = (): void => {
    if (stage !== "run" || job.patience === undefined) return;
    wait = createInputWait({
      patience: job.patience,
      idleShare: machine.idleShare,
      probe: () => send(encodeFrame(toSandbox.probe)),
      changed(waits) {
        if (waits) stopWallClock();
        else runWallClock();
        listener.waits?.(waits);
      },
      gaveUp: () => windDown({ kind: "limit", limit: "wall" }),
      now: () => performance.now(),
    });
  };

  const frameForStep = (step: SandboxCommand): Buffer => encodeStart(step, { warm: false, stdin: false });
  const frameForRun = (): Buffer =>
    encodeStart(warmArgv === undefined ? job.run : { ...job.run, argv: warmArgv }, {
      warm: warmArgv !== undefined,
      stdin: true,
      terminal,
    });
  /** Starts the next command: the limits of a stage count for all of its commands. */
  const startNext = (): void => {
    const step = steps.shift();
    send(step === undefined ? frameForRun() : frameForStep(step));
  };

  const begin = (): void => {
    const limits = limitsOf(stage);
    try {
      machine.meter.begin(Math.min(limits.memoryBytes, memoryBytes));
    } catch (error) {
      // The waiting interpreter, which counts as the program's memory, is larger than the run's memory limit.
      if (error instanceof MemoryInUse) finish({ kind: "limit", limit: "memory" });
      else finish({ kind: "sandbox-failed", reason: `limits could not be set: ${String(error)}` });
      return;
    }
    cpuBefore = measure().cpuMs;
    outputBytes = 0;
    startedAt = undefined;
    stopTimers();
    meterTimer = setTimeout(checkUsage, machine.meter.intervalMs);
    startNext();
    if (stage === "run") input.open();
  };

  /** Called when the project's files are written: their time is not the program's, and a sandbox that fails before ran nothing. */
  const started = (): void => {
    if (startedAt !== undefined) return;
    startedAt = performance.now();
    wallLeftMs = limitsOf(stage).wallMs;
    runWallClock();
    watchInput();
    listener.stage(stage);
  };

  const deliver = (stream: "stdout" | "stderr" | "terminal", bytes: Uint8Array): void => {
    const free = limitsOf(stage).outputBytes - outputBytes;
    const part = bytes.byteLength > free ? bytes.subarray(0, free) : bytes;
    outputBytes += part.byteLength;
    wait?.wrote();
    if (part.byteLength > 0) listener.output(stream, part);
    if (part.byteLength === bytes.byteLength) return;
    outputCut = true;
    windDown({ kind: "limit", limit: "output" });
  };

  const endOf = (frame: Extract<SandboxFrame, { kind: "exit" }>): SandboxEnd => {
    const { cpuMs, memoryExceeded } = measure();
    // The program may have ended between two measurements, or by a signal of the kernel that does not name a limit.
    if (memoryExceeded) return { kind: "limit", limit: "memory" };
    if (cpuMs - cpuBefore >= limitsOf(stage).cpuMs) return { kind: "limit", limit: "cpu" };
    if (frame.signalled) return { kind: "signalled", signal: signalName(frame.code) };
    return { kind: "exited", exitCode: frame.code };
  };

  const exited = (frame: Extract<SandboxFrame, { kind: "exit" }>): void => {
    const end = decided ?? endOf(frame);
    const isCompiled = stage === "compile" && end.kind === "exited" && end.exitCode === 0;
    if (!isCompiled) return collectAndFinish(end);
    if (steps.length > 0) return startNext();
    wallMs = startedAt === undefined ? 0 : performance.now() - startedAt;
    before.push({ stage, end, usage: usageOfStage() });
    stage = "run";
    begin();
  };

  // Before anything is sent, because a command that can't be encoded is the caller's error.
  frameForRun();
  for (const step of steps) frameForStep(step);
  for (const file of files) {
    send(encodeFrame(toSandbox.file, Uint8Array.of(file.executable ? 1 : 0), Buffer.from(file.path, "utf8")));
    for (const frame of encodeData(toSandbox.fileData, file.bytes)) send(frame);
  }
  begin();

  const signalNumbers = constants.signals;
  return {
    run: {
      result,
      writeStdin(chunk) {
        wait?.typed();
        return input.write(chunk);
      },
      drained: () => input.drained(),
      endStdin() {
        wait?.typed();
        input.end();
      },
      signal: (name) => send(encodeFrame(toSandbox.signal, Uint8Array.of(signalNumbers[name]))),
      resize(size) {
        terminal = job.terminal === undefined ? undefined : size;
        const payload = Buffer.alloc(4);
        payload.writeUInt16LE(Math.min(Math.max(size.columns, 1), 0xffff), 0);
        payload.writeUInt16LE(Math.min(Math.max(size.rows, 1), 0xffff), 2);
        send(encodeFrame(toSandbox.resize, payload));
      },
      pauseOutput() {
        if (decided === undefined) machine.pause();
      },
      resumeOutput: () => machine.resume(),
      cancel() {
        // Ends at once when no files are collected, or nobody waits for them any longer.
        if (job.collect === undefined || decided !== undefined) finish({ kind: "cancelled" });
        else windDown({ kind: "cancelled" });
      },
    },
    frame(frame) {
      if (ended) return;
      if (frame.kind === "started") started();
      else if (frame.kind === "output") deliver(frame.stream, frame.bytes);
      else if (frame.kind === "stdin-taken") input.taken(frame.count);
      else if (frame.kind === "exit") exited(frame);
      else if (frame.kind === "waits") wait?.answer(frame.waits);
      else if (frame.kind === "listed" || frame.kind === "fetched") collection?.frame(frame);
      else if (frame.kind === "failed") finish(decided ?? { kind: "sandbox-failed", reason: frame.reason });
    },
    lost(reason) {
      if (ended) return;
      if (collection !== undefined) return collection.stop();
      outputCut = true;
      if (decided !== undefined) finish(decided);
      else if (measure().memoryExceeded) finish({ kind: "limit", limit: "memory" });
      else
        finish({
          kind: "sandbox-failed",
          reason: reason ?? `the sandbox ended early. ${machine.complaint()}`.trim(),
        });
    },
  };
};
