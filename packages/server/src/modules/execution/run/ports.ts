/**
 * What the module needs to run programs: sandboxes that take one job each. Vocabulary follows go-judge's envexec: limits go in, a status
 * and usage come out, and a program's failure is data while ours is an exception.
 */
import type { IsolationTier, LimitsEnforcement, SandboxBlueprint } from "#platform/sandboxes";

/** A project file as it is written into a sandbox before the program starts. */
export type SandboxFile = {
  /** Relative, `/`-separated, already validated by contracts' path rules. */
  readonly path: string;
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes, hex: a file that comes back is compared with it. */
  readonly hash: string;
  readonly executable: boolean;
};

/** Upper bounds for one stage of one run. Every number is a positive safe integer. */
export type SandboxLimits = {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryBytes: number;
  /** Bytes of stdout + stderr + terminal together that may be streamed. */
  readonly outputBytes: number;
  /** Bytes that the project folder and /tmp may hold together. */
  readonly diskBytes: number;
  /** Files and folders that the project folder and /tmp may hold together. */
  readonly diskInodes: number;
  readonly processes: number;
};

export type TerminalSize = { readonly columns: number; readonly rows: number };

/** One program to run: argv is never a shell string. */
export type SandboxCommand = {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly limits: SandboxLimits;
};

/** Programs that run one after the other, without stdin, while each exits with 0. The limits count for all of them together. */
export type SandboxBuild = Omit<SandboxCommand, "argv"> & {
  readonly steps: readonly [readonly string[], ...(readonly string[])[]];
};

/** Which files are collected from a run's project folder after its end, among those that are new or differ from the job's files. */
export type SandboxCollect = {
  /** Called for each valid path. */
  readonly wants: (path: string) => boolean;
  readonly maxFiles: number;
  /** Limit on the bytes of all files together. */
  readonly maxBytes: number;
  /**
   * Asked once, before any file comes, for the bytes of all of them, `maxBytes` at most. False: there is no memory for them in
   * time. Never rejects. Absent: there always is.
   */
  readonly reserve?: (bytes: number) => Promise<boolean>;
};

/** Why the sandbox did not send a wanted file. */
export type NotCollected = "name" | "not-a-file" | "too-many" | "too-large" | "unreadable" | "out-of-time";

export type SandboxCollected =
  | { readonly path: string; readonly bytes: Uint8Array }
  | { readonly path: string; readonly size: number; readonly skipped: NotCollected };

/** For a run that somebody may type to: its wall clock is paused while the program waits for input. */
export type SandboxPatience = {
  /** Idle limit, counted from the last input or the start. After it the run ends as at its wall limit. */
  readonly idleMs: number;
  /** Called when the program begins to wait. False: it may not wait, and its wall clock continues. */
  readonly begin: () => boolean;
  readonly end: () => void;
};

/** The job that turns a waiting sandbox into a run; it can be given once. */
export type SandboxJob = {
  /**
   * Owner of the run: all runs of one owner together get the same share of busy processors as another owner's. Absent: an owner with this
   * run only.
   */
  readonly owner?: string;
  readonly files: readonly SandboxFile[];
  /** Comes first; the run is started only if every step exits with 0. */
  readonly compile?: SandboxBuild;
  readonly run: SandboxCommand;
  /** Set: stdin, stdout and stderr of the run are one pseudo-terminal opened inside the sandbox. */
  readonly terminal?: TerminalSize;
  readonly collect?: SandboxCollect;
  readonly patience?: SandboxPatience;
};

export type SandboxStage = "compile" | "run";

/** Why a run ended. `exited` carries the code; the host decides what the user is told. */
export type SandboxEnd =
  | { readonly kind: "exited"; readonly exitCode: number }
  | { readonly kind: "signalled"; readonly signal: string }
  | {
      readonly kind: "limit";
      readonly limit: "wall" | "cpu" | "memory" | "output";
    }
  | { readonly kind: "cancelled" }
  | { readonly kind: "sandbox-failed"; readonly reason: string };

export type SandboxUsage = {
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly memoryPeakBytes: number;
  readonly outputBytes: number;
};

/** One stage of a run, after its end. */
export type SandboxStageResult = {
  readonly stage: SandboxStage;
  readonly end: SandboxEnd;
  readonly usage: SandboxUsage;
};

export type SandboxResult = {
  /** The stages that ended before the last one, which `stage`, `end` and `usage` describe. */
  readonly before?: readonly SandboxStageResult[];
  readonly stage: SandboxStage;
  readonly end: SandboxEnd;
  readonly usage: SandboxUsage;
  /** Output of the program was lost: it could not be delivered in time after a limit, or was above its limit. */
  readonly outputCut?: boolean;
  /** In the order of their paths. Absent: none were requested, or the sandbox could not list them. */
  readonly collected?: readonly SandboxCollected[];
};

/** What a run says while it lives. Chunks arrive in the order in which the program wrote them, per stream. */
export type SandboxListener = {
  output(stream: "stdout" | "stderr" | "terminal", chunk: Uint8Array): void;
  stage(stage: SandboxStage): void;
  /** The program began or ended waiting for input; never sent without `patience`. */
  waits?(waits: boolean): void;
};

/** A run in progress. Every method is safe to call after the end, and then does nothing. */
export interface SandboxRun {
  /**
   * Resolves when every process of the program has ended and its output has been delivered; what is left of the sandbox is
   * gone when it has been disposed of. Never rejects.
   */
  readonly result: Promise<SandboxResult>;
  /** False when the sandbox's input buffer is full; `drained` resolves when it can take more. */
  writeStdin(chunk: Uint8Array): boolean;
  drained(): Promise<void>;
  endStdin(): void;
  signal(name: "SIGINT" | "SIGTERM" | "SIGKILL" | "SIGHUP" | "SIGQUIT" | "SIGUSR1" | "SIGUSR2"): void;
  resize(size: TerminalSize): void;
  /** Stop reading output until resumed: a slow listener slows the program down instead of filling memory. */
  pauseOutput(): void;
  resumeOutput(): void;
  /** Ends the run with `cancelled`. */
  cancel(): void;
}

/** A sandbox that waits for its job, and has seen no user code. */
export interface WarmSandbox {
  readonly tier: IsolationTier;
  readonly limitsEnforcement: LimitsEnforcement;
  /** Resolves if the sandbox dies while waiting, so that a pool can replace it. */
  readonly died: Promise<void>;
  /** Consumes the sandbox: a second call throws. */
  run(job: SandboxJob, listener: SandboxListener): SandboxRun;
  /** Resolves when nothing of it is left on the host; rejects when something cannot be removed. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** A sandbox provider whose sandboxes are spoken to in the protocol `run`. */
export interface RunProvider {
  readonly tier: IsolationTier;
  readonly limitsEnforcement: LimitsEnforcement;
  /** Boots a sandbox. Rejects with SandboxUnavailable when the host cannot. */
  boot(blueprint: SandboxBlueprint): Promise<WarmSandbox>;
  removeOrphans(): Promise<number>;
  /** Cancels the runs that go on, and disposes the provider. */
  [Symbol.asyncDispose](): Promise<void>;
}
