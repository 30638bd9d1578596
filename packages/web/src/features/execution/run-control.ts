/** What the runs of the open project need and nobody draws. */
import { dismissTopic } from "../../design/toasts.ts";
import type { RunStream } from "./run-stream.ts";

export type RunControl = {
  /** Of the shown run. */
  stream: RunStream | undefined;
  /** Typed between the click on Run and the program's start. */
  earlyInput: string;
  /** Counts runs, so that a late response to an earlier one is ignored. */
  turn: number;
  /** The stop request of the previous run, which the next run waits for. */
  stopping: Promise<unknown>;
};

export const createRunControl = (): RunControl => ({
  stream: undefined,
  earlyInput: "",
  turn: 0,
  stopping: Promise.resolve(),
});

/** The toast that says why a key did not run the program, or asks what it should do. */
export const RUN_TOPIC = "run";

/** Stops showing the run; it continues on the server. */
export const detachRun = (control: RunControl): void => {
  control.stream?.close();
  control.stream = undefined;
  control.earlyInput = "";
};

/** Forgets the runs of a project that is left: an answer that is still under way changes nothing. */
export const leaveRuns = (control: RunControl): void => {
  detachRun(control);
  control.turn += 1;
  control.stopping = Promise.resolve();
  dismissTopic(RUN_TOPIC);
};
