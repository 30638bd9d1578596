/** One execution from admission to a while after its end: its state, its output, and who listens. */
import type { Clock, Timer } from "#kernel/clock";
import type { SandboxLimits, SandboxRun, TerminalSize } from "./run/ports.ts";
import { type CollectedFile, hasEnded, type Execution, type RunError } from "@atelier/contracts";
import {
  exitOf,
  isForward,
  NO_USAGE,
  statusOf,
  statusOfStage,
  type EndedState,
  type ExecutionState,
} from "./execution-state.ts";
import type { Hint } from "./languages/line-end-hints.ts";
import { createInputRelay, type InputRelay } from "./input-relay.ts";
import { createOutputRecord, type OutputFrame, type OutputRecord, type OutputStream } from "./output-record.ts";

/** What is known at admission and never changes. */
export type ExecutionFacts = {
  readonly id: string;
  readonly projectId: string | null;
  readonly userId: string;
  readonly language: string;
  readonly runtime: { readonly id: string; readonly version: string };
  readonly entryPoint: string;
  /** The name of the configuration that was started. */
  readonly configuration?: string;
  readonly args: readonly string[];
  readonly tty: boolean;
  /** At the start; listeners may change it. */
  readonly terminalSize?: TerminalSize | undefined;
  readonly limits: SandboxLimits;
  readonly fileVersions: Readonly<Record<string, number>>;
  readonly codeHash: string;
  readonly queuedAtMs: number;
  readonly hints: readonly Hint[];
};

/** Somebody who follows an execution as it happens. */
export type ExecutionListener = {
  readonly userId: string;
  output(frame: OutputFrame): void;
  /** The state or the position in the queue changed; not called for the end. */
  status(): void;
  ended(): void;
};

/** An image that is being built for an execution. */
export type ImageBeingBuilt = NonNullable<Execution["image"]>;

const NO_IMAGE =
  "The software of this language could not be installed on the server, so the program did not start. The server's log says why.";
const MEMORY_WAS_SHORT = "It waited for input while this server's memory was short, and was stopped to free memory.";
const CAPTURED_BYTES = 1_048_576;
const REPLAYED_BYTES = 1_048_576;
const WAITING_INPUT_BYTES = 1_048_576;
/** A run with open input is ended this long after its last listener left. */
const ABANDONED_MS = 60_000;

export class LiveExecution {
  readonly facts: ExecutionFacts;
  readonly input: InputRelay;
  readonly ended: Promise<void>;
  /** Position in the queue, from 1; undefined when not queued. */
  queuePosition: number | undefined;
  #state: ExecutionState = { status: "queued" };
  #run: SandboxRun | undefined;
  #cancelled = false;
  #collected: readonly CollectedFile[] = [];
  #errors: readonly RunError[] = [];
  #outputCut = false;
  #waitingSinceMs: number | null = null;
  #memoryWasShort = false;
  #image: ImageBeingBuilt | undefined;
  #imageFailed = false;
  /** Bytes written by the compiler, which the run's usage excludes. */
  #compilerBytes = 0;
  readonly #output: OutputRecord = createOutputRecord({ captureBytes: CAPTURED_BYTES, replayBytes: REPLAYED_BYTES });
  readonly #listeners = new Set<ExecutionListener>();
  readonly #slowReaders = new Set<object>();
  #abandoned: Timer | undefined;
  readonly #end = Promise.withResolvers<void>();
  readonly #clock: Clock;

  constructor(facts: ExecutionFacts, clock: Clock) {
    this.facts = facts;
    this.#clock = clock;
    this.input = createInputRelay({ maxWaitingBytes: WAITING_INPUT_BYTES, size: facts.terminalSize });
    this.ended = this.#end.promise;
  }

  get state(): ExecutionState {
    return this.#state;
  }
  get cancelled(): boolean {
    return this.#cancelled;
  }
  get listenerCount(): number {
    return this.#listeners.size;
  }

  /** Number of listeners of this user. */
  listenersOf(userId: string): number {
    let count = 0;
    for (const listener of this.#listeners) if (listener.userId === userId) count += 1;
    return count;
  }
  /** Memory of the captured output of all stages, in bytes. */
  get outputBytes(): number {
    return this.#output.totalBytes;
  }

  /** Moves forward and tells the listeners. A move that is not forward is refused: false. */
  advance(next: ExecutionState): boolean {
    if (!isForward(this.#state, next)) return false;
    this.#state = next;
    if (next.status === "running") this.#compilerBytes = this.#output.totalBytes;
    this.queuePosition = undefined;
    if (next.status !== "ended") this.announce();
    else {
      this.input.close();
      this.#abandoned?.cancel();
      for (const listener of this.#listeners) listener.ended();
      this.#listeners.clear();
      this.#end.resolve();
    }
    return true;
  }

  /** Ends it; a second ending changes nothing. */
  finish(end: Pick<EndedState, "ending" | "stage"> & Partial<Pick<EndedState, "usage" | "stages">>): boolean {
    const state = this.#state;
    const started = state.status === "compiling" || state.status === "running" ? state : undefined;
    return this.advance({
      status: "ended",
      endedAtMs: this.#clock.now(),
      startedAtMs: started?.startedAtMs ?? null,
      sandbox: started?.sandbox ?? null,
      usage: NO_USAGE,
      stages: [],
      ...end,
    });
  }

  /** Tells listeners about a new status or position in the queue. */
  announce(): void {
    for (const listener of this.#listeners) listener.status();
  }

  output(stream: OutputStream, bytes: Uint8Array): void {
    this.#output.add(stream, bytes);
    for (const listener of this.#listeners) listener.output({ stream, bytes });
  }

  /** Stores what happened to the files that the run left; called before the end. */
  collect(files: readonly CollectedFile[]): void {
    this.#collected = files;
  }

  /** Stores where the program failed; called before the end. */
  noteErrors(errors: readonly RunError[]): void {
    this.#errors = errors;
  }

  /** The end of the output of all streams together, at most so many bytes. */
  lastOutput(bytes: number): string {
    return this.#output.last(bytes);
  }

  /** Sets whether the program waits for input. */
  waits(waits: boolean): void {
    if (this.#state.status === "ended") return;
    this.#waitingSinceMs = waits ? this.#clock.now() : null;
    this.announce();
  }

  /** Stops the execution, which waits for input, to free its memory for others. */
  cancelForMemory(): void {
    this.#memoryWasShort = true;
    this.cancel();
  }

  /** Sets which image is being built for it, and how far that is. False: nothing has changed. */
  prepareImage(image: ImageBeingBuilt | undefined): boolean {
    const before = this.#image;
    if (before?.id === image?.id && before?.percent === image?.percent && before?.step === image?.step) return false;
    this.#image = image;
    if (this.#state.status !== "ended") this.announce();
    return true;
  }

  /** Ends it, because an image could not be built. */
  failWithoutImage(): void {
    this.#imageFailed = true;
    this.finish({ ending: { status: "system-error" }, stage: null });
  }

  /** Notes that output of the program was lost. */
  cutOutput(): void {
    this.#outputCut = true;
  }

  /** Drops the output after the end, when there is no memory for it: it is then `truncated`. */
  forgetOutput(): void {
    this.#output.forget();
  }

  /** Sends the listener what it missed, then what comes; returns the way to stop. */
  attach(listener: ExecutionListener): () => void {
    listener.status();
    for (const frame of this.#output.replay()) listener.output(frame);
    if (this.#state.status === "ended") listener.ended();
    else this.#listeners.add(listener);
    this.#abandoned?.cancel();
    return () => {
      if (!this.#listeners.delete(listener) || this.#listeners.size > 0 || !this.input.open) return;
      this.#abandoned = this.#clock.after(ABANDONED_MS, () => this.cancel());
    };
  }

  /** While any reader is slow, the output is paused: the program is slowed down instead of memory being filled. */
  pauseFor(reader: object): void {
    this.#slowReaders.add(reader);
    if (this.#slowReaders.size === 1) this.#run?.pauseOutput();
  }
  resumeFor(reader: object): void {
    if (this.#slowReaders.delete(reader) && this.#slowReaders.size === 0) this.#run?.resumeOutput();
  }

  /** The sandbox has the job: cancellation and back-pressure are passed to it from now on. */
  connect(run: SandboxRun): void {
    this.#run = run;
    if (this.#slowReaders.size > 0) run.pauseOutput();
    if (this.#cancelled) run.cancel();
  }

  /** Requests the end: `cancelled` when the sandbox reports it, or at once when there is no sandbox yet. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    if (this.#run === undefined) this.finish({ ending: { status: "cancelled" }, stage: null });
    else this.#run.cancel();
  }

  /** As on the wire; without output `stdout` and `stderr` are empty. */
  snapshot(options: { readonly output: boolean }): Execution {
    const state = this.#state;
    const status = statusOf(state);
    const final = hasEnded(status);
    const started = state.status === "queued" || state.status === "preparing" ? undefined : state;
    const end = state.status === "ended" ? state : undefined;
    const usage = end?.usage ?? { ...NO_USAGE, outputBytes: this.#output.totalBytes - this.#compilerBytes };
    const { limits, queuedAtMs, args, fileVersions, hints, terminalSize: _terminalSize, ...facts } = this.facts;
    return {
      ...facts,
      args: [...args],
      fileVersions: { ...fileVersions },
      limits: {
        wallMs: limits.wallMs,
        cpuMs: limits.cpuMs,
        memoryBytes: limits.memoryBytes,
        outputBytes: limits.outputBytes,
      },
      status,
      ...(end === undefined ? { exitCode: null, signal: null } : exitOf(end.ending)),
      // With a terminal only the compiler has a standard output of its own.
      stdout: options.output
        ? this.#output.text("stdout", { final }) + (this.facts.tty ? this.#output.text("terminal", { final }) : "")
        : "",
      stderr: options.output ? this.#output.text("stderr", { final }) : "",
      truncated: this.#outputCut || this.#output.truncated,
      stage: end === undefined ? stageOf(state) : end.stage,
      sandbox: started?.sandbox?.tier ?? null,
      limitsEnforcement: started?.sandbox?.limitsEnforcement ?? null,
      ...(this.queuePosition === undefined ? {} : { queuePosition: this.queuePosition }),
      ...(this.#image === undefined || final ? {} : { image: this.#image }),
      queuedAt: new Date(queuedAtMs).toISOString(),
      startedAt: timeOf(started?.startedAtMs ?? null),
      endedAt: timeOf(end?.endedAtMs ?? null),
      usage: {
        wallMs: Math.round(usage.wallMs),
        cpuMs: Math.round(usage.cpuMs),
        memoryPeakBytes: Math.round(usage.memoryPeakBytes),
        outputBytes: Math.round(usage.outputBytes),
      },
      stages: (end?.stages ?? []).map(({ stage, end: stageEnd, usage: { wallMs, cpuMs, memoryPeakBytes } }) => ({
        stage,
        status: statusOfStage({ stage, end: stageEnd }),
        wallMs: Math.round(wallMs),
        cpuMs: Math.round(cpuMs),
        memoryPeakBytes: Math.round(memoryPeakBytes),
      })),
      errors: [...this.#errors],
      waitingSince: timeOf(this.#waitingSinceMs),
      collected: [...this.#collected],
      hints: [
        ...(this.#imageFailed ? [{ path: this.facts.entryPoint, message: NO_IMAGE }] : []),
        ...(this.#memoryWasShort ? [{ path: this.facts.entryPoint, message: MEMORY_WAS_SHORT }] : []),
        ...hints
          .filter(({ onFailure }) => final && (!onFailure || status !== "succeeded"))
          .map(({ path, message }) => ({ path, message })),
      ],
    };
  }
}

const stageOf = (state: ExecutionState): "compile" | "run" | null =>
  state.status === "compiling" ? "compile" : state.status === "running" ? "run" : null;

const timeOf = (timeMs: number | null): string | null => (timeMs === null ? null : new Date(timeMs).toISOString());
