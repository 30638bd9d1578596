/** The run in the output pane, from the click to its end, and the newest run of another user. */
import type { Execution } from "@atelier/contracts";
import { createStore, type StoreApi } from "zustand/vanilla";
import { createOutputBuffer, type OutputBuffer } from "./output-buffer.ts";

export type ExecutionSummary = Omit<Execution, "stdout" | "stderr">;

/** States only move forward; a new run starts over. */
export type RunState =
  | { kind: "idle" }
  | { kind: "starting"; note: "saving" | "asking" }
  /** `isConnected` false: the run continues, but its output is not received at the moment. */
  | { kind: "live"; execution: ExecutionSummary; isStopping: boolean; isConnected: boolean }
  | { kind: "ended"; execution: ExecutionSummary }
  /** It may continue, but this page receives nothing more of it. */
  | { kind: "lost"; execution: ExecutionSummary }
  | { kind: "refused"; error: unknown };

export type Runs = {
  readonly state: RunState;
  /** The program probably waits for a line: it is running, quiet, and its last line is not finished. */
  readonly awaitsInput: boolean;
  /** The newest run of another user, to be shown on demand. */
  readonly other: ExecutionSummary | undefined;
  /** Why running is paused for everybody; undefined while it works. */
  readonly pausedBecause: string | undefined;
  /** The image or the tools are still being set up: Run is enabled when that is done. */
  readonly isPreparing: boolean;
  readonly output: OutputBuffer;
};
export type RunStore = StoreApi<Runs>;

export const createRunStore = (readiness: Pick<Runs, "pausedBecause" | "isPreparing">): RunStore =>
  createStore(() => ({
    state: { kind: "idle" },
    awaitsInput: false,
    other: undefined,
    ...readiness,
    output: createOutputBuffer(),
  }));

export const isBusy = ({ kind }: RunState): boolean => kind === "starting" || kind === "live";
