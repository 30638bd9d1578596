/** The states of an execution: they only move forward, and each has only its own fields. */
import type { IsolationTier, LimitsEnforcement } from "#platform/sandboxes";
import type { SandboxEnd, SandboxResult, SandboxStage, SandboxStageResult, SandboxUsage } from "./run/ports.ts";
import type { ExecutionStatus } from "@atelier/contracts";

/** The isolation that a run really has. */
export type SandboxFacts = { readonly tier: IsolationTier; readonly limitsEnforcement: LimitsEnforcement };

/** Why it ended, as reported to the user. */
export type Ending =
  | { readonly status: "succeeded" }
  | { readonly status: "failed"; readonly exitCode: number }
  | { readonly status: "compile-failed"; readonly exitCode: number | null; readonly signal: string | null }
  | { readonly status: "killed"; readonly signal: string }
  | { readonly status: "timed-out" | "cpu-limit" | "out-of-memory" | "output-limit" | "cancelled" | "system-error" };

export type ExecutionState =
  | { readonly status: "queued" }
  | { readonly status: "preparing" }
  | { readonly status: "compiling" | "running"; readonly startedAtMs: number; readonly sandbox: SandboxFacts }
  | {
      readonly status: "ended";
      readonly ending: Ending;
      readonly endedAtMs: number;
      /** null: it ended before a process started. */
      readonly startedAtMs: number | null;
      readonly sandbox: SandboxFacts | null;
      readonly stage: SandboxStage | null;
      readonly usage: SandboxUsage;
      /** Each that began. */
      readonly stages: readonly SandboxStageResult[];
    };

export type EndedState = Extract<ExecutionState, { status: "ended" }>;

const ORDER: Readonly<Record<ExecutionState["status"], number>> = {
  queued: 0,
  preparing: 1,
  compiling: 2,
  running: 3,
  ended: 4,
};

/** True when `next` comes later than `current`: the only moves there are. */
export const isForward = (current: ExecutionState, next: ExecutionState): boolean =>
  ORDER[next.status] > ORDER[current.status];

/** The status on the wire. */
export const statusOf = (state: ExecutionState): ExecutionStatus =>
  state.status === "ended" ? state.ending.status : state.status;

const BY_LIMIT = { wall: "timed-out", cpu: "cpu-limit", memory: "out-of-memory", output: "output-limit" } as const;

/** The status of a stage by itself: a compiler that exits with 0 has succeeded. */
export const statusOfStage = ({ stage, end }: Pick<SandboxStageResult, "stage" | "end">): ExecutionStatus =>
  end.kind === "exited" && end.exitCode === 0 ? "succeeded" : endingOfStage(stage, end).status;

const endingOfStage = (stage: SandboxStage, end: SandboxEnd): Ending => {
  switch (end.kind) {
    case "exited":
      if (stage === "compile") return { status: "compile-failed", exitCode: end.exitCode, signal: null };
      return end.exitCode === 0 ? { status: "succeeded" } : { status: "failed", exitCode: end.exitCode };
    case "signalled":
      if (stage === "compile") return { status: "compile-failed", exitCode: null, signal: end.signal };
      return { status: "killed", signal: end.signal };
    case "limit":
      return { status: BY_LIMIT[end.limit] };
    case "cancelled":
      return { status: "cancelled" };
    case "sandbox-failed":
      return { status: "system-error" };
  }
};

/** The ending for a sandbox's result, as reported to the user. */
export const endingOf = (result: SandboxResult): Ending => endingOfStage(result.stage, result.end);

/** Exit code and signal of an ending; null where there is none. */
export const exitOf = (ending: Ending): { exitCode: number | null; signal: string | null } => {
  switch (ending.status) {
    case "succeeded":
      return { exitCode: 0, signal: null };
    case "failed":
      return { exitCode: ending.exitCode, signal: null };
    case "compile-failed":
      return { exitCode: ending.exitCode, signal: ending.signal };
    case "killed":
      return { exitCode: null, signal: ending.signal };
    default:
      return { exitCode: null, signal: null };
  }
};

export const NO_USAGE: SandboxUsage = { wallMs: 0, cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 };
