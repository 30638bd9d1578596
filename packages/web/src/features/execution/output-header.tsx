/** The console's header: the state of the run and how much of its time is used; copy, find, wrap, clear. */
import { Check, Copy, Eraser, Search, WrapText } from "lucide-react";
import { Fragment, useEffect, useState } from "react";
import { useStore } from "zustand";
import { type App, useApp } from "../../app/services.ts";
import { PanelTitle } from "../../app/views/view-tabs.tsx";
import { mayEdit } from "../projects/project-store.ts";
import { copyOutput, closeFind, openFind } from "./console-actions.ts";
import { setWrapped } from "./console-store.ts";
import { clearOutput } from "./run-view.ts";
import { runWords, type RunTone } from "./status-words.ts";
import { TimeLimit } from "./time-limit.tsx";

const COPIED_MS = 1500;

const stateWords = (app: App): { tone: RunTone; words: string } | undefined => {
  const { state, awaitsInput } = app.runs.getState();
  if (state.kind === "starting") return { tone: "busy", words: state.note === "saving" ? "Saving" : "Starting" };
  if (state.kind !== "live") return undefined;
  if (!state.isConnected) return { tone: "bad", words: "Connection lost, reconnecting" };
  if (state.isStopping) return { tone: "busy", words: "Stopping" };
  if (awaitsInput && state.execution.waitingSince === null) return { tone: "busy", words: "Waiting for input" };
  return { tone: "busy", words: runWords(state.execution).headline };
};

const CopyButton = () => {
  const app = useApp();
  const hasSelection = useStore(app.console, (state) => state.hasSelection);
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return undefined;
    const timer = setTimeout(() => setCopied(false), COPIED_MS);
    return () => clearTimeout(timer);
  }, [isCopied]);
  const label = hasSelection ? "Copy the selection" : "Copy the output";
  return (
    <button
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => {
        void copyOutput(app).then(setCopied);
      }}
    >
      {isCopied ? <Check size={15} /> : <Copy size={15} />}
    </button>
  );
};

const Tools = () => {
  const app = useApp();
  const { isFinding, isWrapped } = useStore(app.console);
  const isIdle = useStore(app.runs, ({ state }) => state.kind === "idle");
  const wrapLabel = isWrapped ? "Long lines are wrapped" : "Long lines scroll sideways";
  return (
    <div className="output-tools">
      {!isIdle && (
        <>
          <CopyButton />
          <button
            className="icon-button"
            aria-label="Find in the output"
            title="Find in the output"
            aria-expanded={isFinding}
            onClick={() => (isFinding ? closeFind : openFind)(app.console)}
          >
            <Search size={15} />
          </button>
          <button
            className="icon-button"
            aria-label="Wrap long lines"
            title={wrapLabel}
            aria-pressed={isWrapped}
            onClick={() => setWrapped(app.console, !isWrapped)}
          >
            <WrapText size={15} />
          </button>
        </>
      )}
      <button
        className="icon-button"
        aria-label="Clear the output"
        title="Clear the output"
        onClick={() => clearOutput(app)}
      >
        <Eraser size={15} />
      </button>
    </div>
  );
};

/** Broken, where one line is too narrow, between its parts only. */
const StateWords = ({ words }: { readonly words: string }) => {
  const parts = words.split(" · ");
  return (
    <span className="run-words" title={words}>
      {parts.map((part, at) => (
        <Fragment key={part}>
          <span>{at < parts.length - 1 ? `${part} ·` : part}</span>{" "}
        </Fragment>
      ))}
    </span>
  );
};

export const OutputHeader = () => {
  const app = useApp();
  const runs = useStore(app.runs);
  const mayAnswer = useStore(app.projects, (projects) => mayEdit(projects.state));
  const words = stateWords(app);
  const { state } = runs;
  const isStopping = state.kind === "live" && state.isStopping;
  const mayHint = runs.awaitsInput && mayAnswer && !isStopping;
  const entryPoint = "execution" in state ? (state.execution.configuration ?? state.execution.entryPoint) : undefined;
  return (
    <header className="output-header">
      <PanelTitle />
      {entryPoint !== undefined && (
        <span className="output-entry" title={entryPoint}>
          {entryPoint}
        </span>
      )}
      {words && (
        <span className="run-state" data-tone={words.tone} data-waits={(runs.awaitsInput && !isStopping) || undefined}>
          <span className="run-dot" aria-hidden />
          <StateWords words={words.words} />
        </span>
      )}
      {mayHint && (
        <span className="input-keys" aria-hidden>
          <kbd className="keycap">F6</kbd> to answer
        </span>
      )}
      <span className="bar-space" />
      <Tools />
      {state.kind === "live" && state.execution.status === "running" && (
        <TimeLimit
          key={state.execution.id}
          execution={state.execution}
          isPaused={state.execution.waitingSince !== null}
        />
      )}
    </header>
  );
};
