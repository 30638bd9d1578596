/** The Run button, which becomes Stop in the same frame. */
import { ChevronDown, Play, Square } from "lucide-react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { MenuButton } from "../../design/menu.tsx";
import { keyWords } from "../../app/commands/key-binding.ts";
import { preloadTerminal } from "./load-terminal.ts";
import { refreshChoices } from "./late-run-choices.ts";
import { run, runFault, runName, stop } from "./run-actions.ts";
import { RUN_KEYS } from "./run-keys.ts";
import { mayEdit } from "../projects/project-store.ts";
import { isBusy } from "./run-store.ts";
import { preparingWords } from "./status-words.ts";

/** Drawn again whenever that may change. */
const useRunFault = (): string | undefined => {
  const app = useApp();
  useStore(app.projects, ({ state }) => (state.kind === "open" ? state.project.role : state.kind));
  useStore(app.tabs, (tabs) => tabs.shown);
  useStore(app.files, (files) => files.entries);
  useStore(app.runs, (runs) => runs.isPreparing);
  useStore(app.runChoice, ({ current }) => current);
  return runFault(app);
};

/** One element in both states: the keyboard stays on it. */
const MainButton = ({ isStop }: { readonly isStop: boolean }) => {
  const app = useApp();
  const state = useStore(app.runs, (runs) => runs.state);
  const fault = useRunFault();
  // A click is allowed while running is paused, because its response shows whether running works again.
  const paused = useStore(app.runs, (runs) => runs.pausedBecause);
  if (isStop) {
    const isStopping = state.kind === "live" && state.isStopping;
    const image = state.kind === "live" ? state.execution.image : undefined;
    return (
      <button
        className="button button-run button-stop"
        onClick={() => stop(app)}
        disabled={isStopping}
        title={image && preparingWords(image)}
      >
        <Square size={12} aria-hidden />
        <span>{isStopping ? "Stopping" : "Stop"}</span>
        {image !== undefined && image.percent > 0 && <span className="run-percent">{image.percent} %</span>}
      </button>
    );
  }
  // aria-disabled, so that the reason can still be reached and read.
  return (
    <button
      className="button button-run"
      onClick={() => fault === undefined && run(app)}
      onPointerEnter={() => preloadTerminal()}
      aria-disabled={fault !== undefined}
      title={fault ?? paused ?? `Run ${runName(app)} (${keyWords(RUN_KEYS)})`}
      aria-keyshortcuts="Control+Enter Meta+Enter"
    >
      <Play size={13} aria-hidden />
      <span>Run</span>
      {fault !== undefined && <span className="visually-hidden">{fault}</span>}
    </button>
  );
};

/**
 * The words are in elements of their own: in a flex container Firefox makes no box for a text that was only a space and then becomes a
 * word.
 */
export const RunButton = () => {
  const app = useApp();
  const isRunning = useStore(app.runs, ({ state }) => isBusy(state));
  // Viewers have no Stop button: the run belongs to another user.
  const isViewer = useStore(app.projects, (projects) => !mayEdit(projects.state));
  const Menu = useStore(app.runChoice, (choice) => choice.Menu);
  const isStop = isRunning && !isViewer;
  return (
    <span className="run-split">
      <MainButton isStop={isStop} />
      {Menu && !isStop && !isViewer && (
        <MenuButton
          label="Choose what starts"
          className="button button-run run-more"
          icon={<ChevronDown size={14} aria-hidden />}
          align="end"
          onOpen={() => refreshChoices(app)}
        >
          {() => <Menu />}
        </MenuButton>
      )}
    </span>
  );
};
