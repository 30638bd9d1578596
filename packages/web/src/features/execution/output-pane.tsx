/** The output pane: what the run is doing, what it prints, how it ended. */
import { CornerDownLeft, Eraser, Play, TriangleAlert } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useStore } from "zustand";
import { errorText } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { runKeyCaps } from "../../app/shortcuts.ts";
import { nameOf } from "../files/entries.ts";
import { openPath } from "../files/open-file.ts";
import { mayEdit } from "../projects/project-store.ts";
import "./output.css";
import { lastOutputLink } from "./output-links.ts";
import { plainText } from "./plain-output.ts";
import { entryPointOf, run } from "./run-actions.ts";
import { clearOutput, sendInput, showRun } from "./run-view.ts";
import type { ExecutionSummary } from "./run-store.ts";
import { runWords, type RunTone } from "./status-words.ts";
import { WrittenFilesLine } from "./written-files-line.tsx";
import { TerminalView, usePaths } from "./terminal-view.tsx";

const stateWords = (app: ReturnType<typeof useApp>): { tone: RunTone; words: string } | undefined => {
  const { state, awaitsInput } = app.runs.getState();
  if (state.kind === "starting") return { tone: "busy", words: state.note === "saving" ? "Saving" : "Starting" };
  if (state.kind !== "live") return undefined;
  if (!state.isConnected) return { tone: "bad", words: "Connection lost, reconnecting" };
  if (state.isStopping) return { tone: "busy", words: "Stopping" };
  if (awaitsInput) return { tone: "busy", words: "Waiting for input" };
  return { tone: "busy", words: runWords(state.execution).headline };
};

const Header = () => {
  const app = useApp();
  const runs = useStore(app.runs);
  const mayAnswer = useStore(app.projects, (projects) => mayEdit(projects.state));
  const words = stateWords(app);
  const { state } = runs;
  const entryPoint = "execution" in state ? state.execution.entryPoint : undefined;
  return (
    <header className="output-header">
      <h2 className="output-title">Output</h2>
      {entryPoint !== undefined && (
        <span className="output-entry" title={entryPoint}>
          {entryPoint}
        </span>
      )}
      {words && (
        <span className="run-state" data-tone={words.tone} data-waits={runs.awaitsInput || undefined}>
          <span className="run-dot" aria-hidden />
          <span>{words.words}</span>
        </span>
      )}
      {runs.awaitsInput && mayAnswer && (
        <span className="input-keys" aria-hidden>
          <kbd className="keycap">F6</kbd> to answer
        </span>
      )}
      <span className="bar-space" />
      <button
        className="icon-button"
        aria-label="Clear the output"
        title="Clear the output"
        onClick={() => clearOutput(app)}
      >
        <Eraser size={15} />
      </button>
    </header>
  );
};

const Empty = () => {
  const app = useApp();
  const state = useStore(app.projects, (store) => store.state);
  useStore(app.files, ({ entries }) => entries);
  if (state.kind !== "sample" && state.kind !== "open") return null;
  if (!mayEdit(state)) {
    return (
      <div className="empty-pane output-empty">
        <p>When somebody runs the program, its output is here.</p>
      </div>
    );
  }
  if (!entryPointOf(app)) {
    return (
      <div className="empty-pane output-empty">
        <p>No file here is a program of a language that runs. Make one, such as main.py, and press Run.</p>
      </div>
    );
  }
  return (
    <div className="empty-pane output-empty">
      <Play size={20} strokeWidth={1.75} aria-hidden />
      <p>
        Press <b>Run</b> to see what the program prints.
      </p>
      <p className="output-keys">
        {runKeyCaps.map((cap) => (
          <kbd key={cap} className="keycap">
            {cap}
          </kbd>
        ))}
      </p>
    </div>
  );
};

const Refused = ({ error }: { readonly error: unknown }) => {
  const app = useApp();
  return (
    <div className="empty-pane" role="alert">
      <TriangleAlert size={20} strokeWidth={1.75} aria-hidden />
      <h2>It did not start</h2>
      <p>{errorText(error)}</p>
      <button className="button" onClick={() => run(app)}>
        Try again
      </button>
    </div>
  );
};

const ExitLine = ({ execution }: { readonly execution: ExecutionSummary }) => {
  const app = useApp();
  const paths = usePaths();
  const { tone, headline, facts } = runWords(execution);
  const link = tone === "bad" ? lastOutputLink(plainText(app.runs.getState().output.text()), paths()) : undefined;
  return (
    <footer className="exit-line" data-tone={tone}>
      <span className="run-dot" aria-hidden />
      <span className="exit-words">
        <b>{headline}</b>
        {facts.map((fact) => ` · ${fact}`).join("")}
      </span>
      {link && (
        <button className="link-button" onClick={() => openPath(app, link.path, { line: link.line })}>
          {nameOf(link.path)}:{link.line}
        </button>
      )}
    </footer>
  );
};

const Lost = () => (
  <footer className="exit-line" data-tone="bad">
    <span className="run-dot" aria-hidden />
    <span className="exit-words">
      <b>out of reach</b> · this run is not here any more, or not yours to see
    </span>
  </footer>
);

const OtherRun = ({ execution }: { readonly execution: ExecutionSummary }) => {
  const app = useApp();
  const name = useStore(app.presence, ({ all }) => all.find(({ user }) => user.id === execution.userId)?.user.name);
  return (
    <div className="other-run">
      <span>
        <b>{name ?? "Somebody"}</b> ran {execution.entryPoint}
      </span>
      <button className="link-button" onClick={() => showRun(app, execution)}>
        Show
      </button>
    </div>
  );
};

/** A line of input below the terminal, for phones, whose keyboards a terminal handles badly. */
const InputRow = () => {
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    sendInput(`${text}\n`);
    setText("");
  };
  return (
    <form className="input-row" onSubmit={submit}>
      <input
        className="input"
        aria-label="Input for the program"
        placeholder="Type input"
        autoCapitalize="off"
        autoComplete="off"
        autoCorrect="off"
        enterKeyHint="send"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button className="icon-button" aria-label="Send">
        <CornerDownLeft size={17} />
      </button>
    </form>
  );
};

export const OutputPane = () => {
  const app = useApp();
  const { state, other } = useStore(app.runs);
  const mayAnswer = useStore(app.projects, (projects) => mayEdit(projects.state));
  return (
    <>
      <Header />
      {other && <OtherRun execution={other} />}
      <div className="output-body">
        {state.kind === "idle" && <Empty />}
        {state.kind === "refused" && <Refused error={state.error} />}
        {state.kind !== "idle" && state.kind !== "refused" && <TerminalView />}
      </div>
      {state.kind === "live" && mayAnswer && <InputRow />}
      {state.kind === "lost" && <Lost />}
      {state.kind === "ended" && <WrittenFilesLine execution={state.execution} />}
      {state.kind === "ended" && <ExitLine execution={state.execution} />}
    </>
  );
};
