/** The actions of the Run and Stop button and of its key. */
import { type Execution, type RunConfiguration, routes } from "@atelier/contracts";
import { isProblem } from "../../app/api-problem.ts";
import { logFault } from "../../app/page-log.ts";
import type { App } from "../../app/services.ts";
import { showView } from "../../app/views/view-registry.ts";
import { dismissTopic, showToast } from "../../design/toasts.ts";
import { previewedPath, showPreview } from "../preview/previewed-path.ts";
import { ensureProject } from "../projects/promote-sample.ts";
import { mayEdit } from "../projects/project-store.ts";
import { whenChoicesKnown } from "./late-run-choices.ts";
import { keyOf, OPEN_FILE } from "./run-choice-store.ts";
import { runRequest } from "./run-request.ts";
import { isBusy } from "./run-store.ts";
import { consoleSize } from "./terminal-size.ts";
import { detachRun, RUN_TOPIC } from "./run-control.ts";
import { type RunTarget, targetName, targetOf } from "./run-target.ts";
import { hearStopped, showRun } from "./run-view.ts";

/** A run waits this long for the confirmation of the last keys, then starts with the server's text and shows a message. */
const SAVE_WAIT_MS = 10_000;
const SAVE_LOOK_MS = 250;

/** Whether all edits are saved; false at once if the server is known to be unreachable. */
const waitForSaves = async (app: App): Promise<boolean> => {
  const end = performance.now() + SAVE_WAIT_MS;
  while (performance.now() < end) {
    if (await app.editor.whenSaved(SAVE_LOOK_MS)) return true;
    const states = [...app.tabs.getState().saves.values()];
    if (states.some(({ kind }) => kind === "offline" || kind === "unsaved-on-device")) return false;
  }
  return false;
};

/** What is started: what was asked for, or what Run starts once that is known. */
const requireTarget = async (app: App, asked: RunConfiguration | undefined): Promise<RunTarget> => {
  if (asked) return { kind: "configuration", configuration: asked };
  await whenChoicesKnown(app);
  const target = targetOf(app);
  if (!target) throw new Error("there is no program to run");
  return target;
};

const start = async (app: App, myTurn: number, asked: RunConfiguration | undefined): Promise<void> => {
  const project = await ensureProject(app);
  await app.deletions.settle();
  const target = await requireTarget(app, asked);
  const isSaved = await waitForSaves(app);
  await app.runControl.stopping;
  if (app.runControl.turn !== myTurn) return;
  app.runs.setState({ state: { kind: "starting", note: "asking" } });
  const execution: Execution = await app.call(routes.startExecution, {
    body: runRequest(project, target, {
      options: app.runChoice.getState().options[keyOf(target.kind === "file" ? target : target.configuration)],
      terminalSize: consoleSize(app.console),
    }),
  });
  if (!isSaved) showToast({ text: "Your last changes are not saved yet: this runs without them.", tone: "bad" });
  if (app.runControl.turn === myTurn) showRun(app, execution);
  else await app.call(routes.stopExecution, { params: { id: execution.id } });
};

/** Shown while Run is disabled because of the setup. */
const PREPARING = "This server is still preparing to run programs.";

/** The file that Run shows as a page, unless the user chose something else that starts. */
const pageOf = (app: App): string | undefined => {
  const { chosen } = app.runChoice.getState();
  if (chosen !== undefined && chosen !== OPEN_FILE) return undefined;
  return previewedPath(app, () => targetOf(app) !== undefined);
};

/** What Run starts or shows, as it is said in a title. */
export const runName = (app: App): string => pageOf(app) ?? targetName(targetOf(app));

/** Why Run is disabled; undefined when it is enabled. */
export const runFault = (app: App): string | undefined => {
  const { state } = app.projects.getState();
  if (pageOf(app) !== undefined) return undefined;
  if (state.kind === "open" && state.project.role === "viewer")
    return "Viewers can watch runs; editors can start them.";
  if (!mayEdit(state)) return "There is no project here.";
  if (!targetOf(app)) return "No file here is a program of a language that runs.";
  return app.runs.getState().isPreparing ? PREPARING : undefined;
};

const startPreview = (app: App, path: string): void => {
  showPreview(app, path).catch((error: unknown) => {
    logFault("preview-not-opened", error);
    showToast({ text: "The preview could not be opened. Try again.", tone: "bad" });
  });
};

/**
 * Runs what Run starts, or shows the page, or runs the given configuration; does nothing while a run is going on, or when nothing can be run.
 * @param asked started once; what Run starts stays
 */
export const run = (app: App, asked?: RunConfiguration): void => {
  const page = asked === undefined ? pageOf(app) : undefined;
  if (page !== undefined) {
    startPreview(app, page);
    return;
  }
  if (isBusy(app.runs.getState().state) || (runFault(app) !== undefined && asked === undefined)) return;
  app.runControl.turn += 1;
  const myTurn = app.runControl.turn;
  detachRun(app.runControl);
  app.runs.getState().output.clear();
  app.runs.setState({ state: { kind: "starting", note: "saving" }, awaitsInput: false, other: undefined });
  app.layout.setState({ pane: "output" });
  showView(app.views, "panel", "output");
  start(app, myTurn, asked).then(
    () => app.runs.setState({ pausedBecause: undefined, isPreparing: false }),
    (error: unknown) => {
      if (app.runControl.turn !== myTurn) return;
      app.runs.setState({ state: { kind: "refused", error } });
      if (isProblem(error, "execution/unavailable")) app.runs.setState({ pausedBecause: error.message });
    },
  );
};

const requestStop = (app: App, id: string): Promise<Execution> => app.call(routes.stopExecution, { params: { id } });

/** Stops the shown run, or cancels one that is starting. */
export const stop = (app: App): void => {
  const { state } = app.runs.getState();
  if (!mayEdit(app.projects.getState().state)) return;
  if (state.kind === "starting") {
    app.runControl.turn += 1;
    app.runs.setState({ state: { kind: "idle" } });
  }
  if (state.kind !== "live") return;
  app.runs.setState({ state: { ...state, isStopping: true } });
  requestStop(app, state.execution.id).then(
    (execution) => hearStopped(app, execution),
    (error: unknown) => {
      const { state: now } = app.runs.getState();
      if (now.kind === "live") app.runs.setState({ state: { ...now, isStopping: false } });
      logFault("run-not-stopped", error);
    },
  );
};

/** Stops the current run and runs the program as it is now. */
const runAgain = (app: App): void => {
  const { state } = app.runs.getState();
  if (state.kind === "live") {
    // The user's running slot is free once this is answered; saving for the new run takes as long.
    app.runControl.stopping = requestStop(app, state.execution.id).catch((error: unknown) =>
      logFault("run-not-stopped", error),
    );
  }
  app.runs.setState({ state: { kind: "idle" } });
  run(app);
};

/** The action of Ctrl+Enter: runs, or runs again; shows the reason when neither is possible. */
export const runByKey = (app: App): void => {
  const fault = runFault(app);
  dismissTopic(RUN_TOPIC);
  if (fault !== undefined) {
    showToast({ text: fault, topic: RUN_TOPIC });
    return;
  }
  if (pageOf(app) !== undefined || !isBusy(app.runs.getState().state)) {
    run(app);
    return;
  }
  if (!app.console.getState().asksBeforeRerun) {
    runAgain(app);
    return;
  }
  showToast({
    text: "A program is running.",
    topic: RUN_TOPIC,
    action: { label: "Stop it and run again", run: () => runAgain(app) },
  });
};
