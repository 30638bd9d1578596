/** The output pane: the state of the run, its output and its end. */
import { CornerDownLeft, Play, TriangleAlert } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useStore } from "zustand";
import { errorText, isProblem } from "../../app/api-problem.ts";
import { useApp } from "../../app/services.ts";
import { createLatePane } from "../../app/late-part.tsx";
import { keyCaps } from "../../app/commands/key-binding.ts";
import { mayEdit } from "../projects/project-store.ts";
import { loadRunEnd, loadTerminal } from "./load-terminal.ts";
import "./output.css";
import { run } from "./run-actions.ts";
import { RUN_KEYS } from "./run-keys.ts";
import { OutputHeader } from "./output-header.tsx";
import { OPEN_FILE } from "./run-choice-store.ts";
import { entryPointOf, targetOf } from "./run-target.ts";
import { sendInput, showRun } from "./run-view.ts";
import type { ExecutionSummary } from "./run-store.ts";
import { TerminalView } from "./terminal-view.tsx";

const ConsoleFind = createLatePane(async () => (await loadTerminal()).ConsoleFind);
const PreparingPane = createLatePane(async () => (await import("./preparing-pane.tsx")).PreparingPane);
const RunEnd = createLatePane(async () => (await loadRunEnd()).RunEnd);

const Empty = () => {
  const app = useApp();
  const state = useStore(app.projects, (store) => store.state);
  useStore(app.files, ({ entries }) => entries);
  useStore(app.runChoice, ({ current }) => current);
  if (state.kind !== "sample" && state.kind !== "open") return null;
  if (!mayEdit(state)) {
    return (
      <div className="empty-pane output-empty">
        <p>Output appears here when someone runs the program.</p>
      </div>
    );
  }
  if (!targetOf(app)) {
    return (
      <div className="empty-pane output-empty">
        <p>No file here is a program of a language that runs. Make one, such as main.py, and press Run.</p>
      </div>
    );
  }
  return (
    <div className="empty-pane output-empty">
      <Play size={20} strokeWidth={1.75} aria-hidden />
      {state.kind === "sample" && (
        <p className="first-words">Atelier is a code editor in the browser that runs your code.</p>
      )}
      <p>
        Press <b>Run</b> to see what the program prints.
      </p>
      <p className="output-keys">
        {keyCaps(RUN_KEYS).map((cap) => (
          <kbd key={cap} className="keycap">
            {cap}
          </kbd>
        ))}
      </p>
      {state.kind === "sample" && (
        <p className="output-more">What you change is saved by itself. Nothing to install, no account needed.</p>
      )}
    </div>
  );
};

const Refused = ({ error }: { readonly error: unknown }) => {
  const app = useApp();
  // Trying again would not help: something has to be installed or written first.
  const file = isProblem(error, "execution/configuration-unavailable") ? entryPointOf(app) : undefined;
  const runFile = (): void => {
    app.runChoice.setState({ chosen: OPEN_FILE, current: undefined });
    run(app);
  };
  return (
    <div className="empty-pane" role="alert">
      <TriangleAlert size={20} strokeWidth={1.75} aria-hidden />
      <h2>It did not start</h2>
      <p>{errorText(error)}</p>
      {file ? (
        <button className="button" onClick={runFile}>
          Run {file.path} by itself
        </button>
      ) : (
        <button className="button" onClick={() => run(app)}>
          Try again
        </button>
      )}
    </div>
  );
};

const OtherRun = ({ execution }: { readonly execution: ExecutionSummary }) => {
  const app = useApp();
  const name = useStore(app.presence, ({ all }) => all.find(({ user }) => user.id === execution.userId)?.user.name);
  return (
    <div className="other-run">
      <span>
        <b>{name ?? "Somebody"}</b> ran {execution.configuration ?? execution.entryPoint}
      </span>
      <button className="link-button" onClick={() => showRun(app, execution)}>
        Show
      </button>
    </div>
  );
};

/** A line of input below the terminal, for phones, whose keyboards a terminal handles badly. */
const InputRow = () => {
  const app = useApp();
  const [text, setText] = useState("");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    sendInput(app, `${text}\n`);
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

const LostLine = () => (
  <footer className="exit-line" data-tone="bad">
    <span className="run-dot" aria-hidden />
    <span className="exit-words">This run no longer exists, or you may not see it</span>
  </footer>
);

export const OutputPane = () => {
  const app = useApp();
  const { state, other } = useStore(app.runs);
  const mayAnswer = useStore(app.projects, (projects) => mayEdit(projects.state));
  const isFinding = useStore(app.console, (store) => store.isFinding && store.view !== undefined);
  const image = state.kind === "live" ? state.execution.image : undefined;
  return (
    <>
      <OutputHeader />
      {isFinding && <ConsoleFind />}
      {other && <OtherRun execution={other} />}
      <div className="output-body">
        {state.kind === "idle" && <Empty />}
        {state.kind === "refused" && <Refused error={state.error} />}
        {image && <PreparingPane image={image} />}
        {state.kind !== "idle" && state.kind !== "refused" && !image && <TerminalView />}
      </div>
      {(state.kind === "starting" || state.kind === "live") && mayAnswer && <InputRow />}
      {state.kind === "lost" && <LostLine />}
      {state.kind === "ended" && <RunEnd execution={state.execution} />}
    </>
  );
};
