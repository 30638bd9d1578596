/** The one large control: Run, or Stop from the same frame on. */
import { Play, Square } from "lucide-react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { runKeys } from "../../app/shortcuts.ts";
import { entryPointOf, PREPARING, run, stop } from "./run-actions.ts";
import { isBusy } from "./run-store.ts";

/** Why Run can't be pressed; undefined when it can. */
const useRunFault = (): string | undefined => {
  const app = useApp();
  const role = useStore(app.projects, ({ state }) => (state.kind === "open" ? state.project.role : state.kind));
  useStore(app.tabs, (tabs) => tabs.shown);
  useStore(app.files, (files) => files.entries);
  const isPreparing = useStore(app.runs, (runs) => runs.isPreparing);
  if (role === "viewer") return "Viewers see runs; editors start them.";
  if (!["sample", "owner", "editor"].includes(role)) return "There is no project here.";
  if (!entryPointOf(app)) return "No file here is a program of a language that runs.";
  return isPreparing ? PREPARING : undefined;
};

/**
 * The words stand in elements of their own: Firefox gives no box to a text that was only a space in a flex container when
 * it becomes a word.
 */
export const RunButton = () => {
  const app = useApp();
  const state = useStore(app.runs, (runs) => runs.state);
  const fault = useRunFault();
  // Paused is no reason to refuse the click: the answer to it is how the page learns that running is back.
  const paused = useStore(app.runs, (runs) => runs.pausedBecause);
  if (isBusy(state)) {
    const isStopping = state.kind === "live" && state.isStopping;
    return (
      <button className="button button-run button-stop" onClick={() => stop(app)} disabled={isStopping}>
        <Square size={12} aria-hidden />
        <span>{isStopping ? "Stopping" : "Stop"}</span>
      </button>
    );
  }
  // aria-disabled, so that the reason can still be reached and read.
  return (
    <button
      className="button button-run"
      onClick={() => fault === undefined && run(app)}
      onPointerEnter={() => void import("./terminal.ts")}
      aria-disabled={fault !== undefined}
      title={fault ?? paused ?? `Run ${entryPointOf(app)?.path ?? ""} (${runKeys})`}
      aria-keyshortcuts="Control+Enter Meta+Enter"
    >
      <Play size={13} aria-hidden />
      <span>Run</span>
      {fault !== undefined && <span className="visually-hidden">{fault}</span>}
    </button>
  );
};
