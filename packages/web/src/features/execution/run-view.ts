/** The run in the output pane: attaches to one, handles events of others, and restores it after a reload. */
import { hasEnded, routes } from "@atelier/contracts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { announce } from "../../design/announce.ts";
import { mayEdit, openProjectOf } from "../projects/project-store.ts";
import { watchForInput } from "./input-hint.ts";
import { attachRunStream } from "./run-stream.ts";
import { type ExecutionSummary, isBusy } from "./run-store.ts";
import { runWords } from "./status-words.ts";

const takeExecution = (app: App, execution: ExecutionSummary): void => {
  const before = app.runs.getState().state;
  if (before.kind === "ended" && before.execution.id === execution.id) return;
  if (!hasEnded(execution.status)) {
    const isStopping = before.kind === "live" && before.isStopping;
    app.runs.setState({ state: { kind: "live", execution, isStopping, isConnected: true } });
    return;
  }
  app.runs.setState({ state: { kind: "ended", execution }, awaitsInput: false });
  const { headline, facts } = runWords(execution);
  announce(`Program ended: ${[headline, ...facts].join(", ")}`);
};

/** Handles the response to Stop, which may arrive before the remaining output. */
export const hearStopped = (app: App, execution: ExecutionSummary): void => {
  const { state } = app.runs.getState();
  const isShown = state.kind === "live" && state.execution.id === execution.id;
  if (isShown && hasEnded(execution.status)) takeExecution(app, execution);
};

/** Shows a run in the output pane, from its beginning. */
export const showRun = (app: App, execution: ExecutionSummary): void => {
  const { runControl } = app;
  runControl.stream?.close();
  const { output } = app.runs.getState();
  output.clear();
  app.runs.setState({
    state: { kind: "live", execution, isStopping: false, isConnected: true },
    other: undefined,
    awaitsInput: false,
  });
  const hint = watchForInput(app.runs);
  const stream = attachRunStream({
    projectId: execution.projectId ?? openProjectOf(app.projects)?.id ?? "",
    executionId: execution.id,
    openChannel: app.sockets.openChannel,
    mayControl: () => mayEdit(app.projects.getState().state),
    onStart: () => output.clear(),
    onOutput(bytes) {
      output.append(bytes);
      hint.heard(bytes);
    },
    onExecution: (latest) => takeExecution(app, latest),
    onConnection(isConnected) {
      const { state } = app.runs.getState();
      if (state.kind !== "live" || state.isConnected === isConnected) return;
      app.runs.setState({ state: { ...state, isConnected } });
      if (!isConnected) announce("Connection to the program lost, reconnecting.");
    },
    onLost(code) {
      logFault("run-stream-lost", code);
      app.runs.setState({ state: { kind: "lost", execution }, awaitsInput: false });
    },
  });
  runControl.stream = stream;
  if (runControl.earlyInput !== "") stream.input(runControl.earlyInput);
  runControl.earlyInput = "";
};

/** Keystrokes for the program. */
export const sendInput = ({ runControl }: App, text: string): void => {
  if (runControl.stream) runControl.stream.input(text);
  else runControl.earlyInput += text;
};
export const sendResize = ({ runControl: { stream } }: App, columns: number, rows: number): void =>
  stream?.send({ type: "resize", columns: Math.min(1000, columns), rows: Math.min(1000, rows) });

export const clearOutput = (app: App): void => {
  app.runs.getState().output.clear();
  if (!isBusy(app.runs.getState().state)) app.runs.setState({ state: { kind: "idle" } });
};

/** Handles the event of a changed run: shown if the pane is free, offered if it is another user's. */
export const hearExecution = (app: App, execution: ExecutionSummary): void => {
  const { state, other } = app.runs.getState();
  const isShown = "execution" in state && state.execution.id === execution.id;
  const isMine = execution.userId === app.session.user()?.id;
  if (isShown || isMine) return;
  if (hasEnded(execution.status) && other?.id !== execution.id) return;
  if (state.kind === "idle") showRun(app, execution);
  else app.runs.setState({ other: execution });
};

/** After a reload: shows the running program, or the output of the last one. */
export const resumeRun = async (app: App, projectId: string): Promise<void> => {
  try {
    const { items } = await app.call(routes.listExecutions, { params: { projectId } });
    const last = items.toSorted((a, b) => b.queuedAt.localeCompare(a.queuedAt))[0];
    const isStillHere = (): boolean =>
      openProjectOf(app.projects)?.id === projectId && app.runs.getState().state.kind === "idle";
    if (!last || !isStillHere()) return;
    if (!hasEnded(last.status)) {
      showRun(app, last);
      return;
    }
    // Lists carry no output.
    const whole = await app.call(routes.getExecution, { params: { id: last.id } });
    if (!isStillHere()) return;
    app.runs.getState().output.append(new TextEncoder().encode(whole.stdout + whole.stderr));
    app.runs.setState({ state: { kind: "ended", execution: whole } });
  } catch (error) {
    logFault("runs-not-read", error);
  }
};
