/** The menu beside Run: what else there is to run, and with what. */
import type { RunConfiguration } from "@atelier/contracts";
import { Check, FileCog, FlaskConical, Play, SlidersHorizontal, SquareChevronRight } from "lucide-react";
import type { MouseEvent, ReactNode } from "react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { entryAt } from "../files/entries.ts";
import { run } from "./run-actions.ts";
import { editAtelierFile } from "./atelier-file.ts";
import { OPEN_FILE } from "./run-choice-store.ts";
import { entryPointOf } from "./run-target.ts";
import "./run-menu.css";

type ChoiceItemProps = {
  readonly label: string;
  readonly isChosen: boolean;
  readonly note?: string | undefined;
  readonly hint?: string | undefined;
  readonly onChoose: () => void;
};

/** Closes the menu. The keyboard goes to Run, which is Stop in a moment: the button of the menu is not there then. */
const leaveMenu = (event: MouseEvent<HTMLElement>): void => {
  event.stopPropagation();
  event.currentTarget.closest<HTMLElement>("[popover]")?.hidePopover();
  document.querySelector<HTMLElement>(".run-split > .button-run")?.focus();
};

/** Chosen and started by one press. */
const ChoiceItem = ({ label, isChosen, note, hint, onChoose }: ChoiceItemProps) => (
  <button
    type="button"
    role="menuitemradio"
    aria-checked={isChosen}
    tabIndex={-1}
    className="menu-item run-item"
    onClick={(event) => {
      leaveMenu(event);
      onChoose();
    }}
  >
    {isChosen ? <Check size={15} aria-hidden /> : <Play size={15} aria-hidden />}
    <span className="menu-item-label">
      {label}
      {note !== undefined && <span className="run-note">{note}</span>}
    </span>
    {hint !== undefined && <span className="menu-item-hint">{hint}</span>}
  </button>
);

type TaskItemProps = { readonly icon: ReactNode; readonly task: RunConfiguration };

const TaskItem = ({ icon, task }: TaskItemProps) => {
  const app = useApp();
  return (
    <button
      type="button"
      role="menuitem"
      tabIndex={-1}
      className="menu-item run-item"
      onClick={(event) => {
        leaveMenu(event);
        run(app, task);
      }}
    >
      {icon}
      <span className="menu-item-label">
        {task.name}
        {task.unavailable !== undefined && <span className="run-note">{task.unavailable}</span>}
      </span>
    </button>
  );
};

export const RunMenu = () => {
  const app = useApp();
  const { configurations = [], current } = useStore(app.runChoice);
  useStore(app.tabs, ({ shown }) => shown);
  const entry = entryPointOf(app);
  const programs = configurations.filter(({ kind }) => kind === "run");
  const tests = configurations.filter(({ kind, test }) => kind === "task" && test);
  const tasks = configurations.filter(({ kind, test }) => kind === "task" && !test);
  const hasFile = entryAt(app.files.getState().entries, "atelier.json") !== undefined;
  const choose = (chosen: string): void => {
    app.runChoice.setState({ chosen });
    run(app);
  };
  return (
    <div className="run-menu" role="presentation">
      {programs.map((configuration) => (
        <ChoiceItem
          key={configuration.name}
          label={configuration.name}
          isChosen={configuration.name === current?.name}
          note={configuration.unavailable}
          onChoose={() => choose(configuration.name)}
        />
      ))}
      {entry && (
        <ChoiceItem
          label="Run this file"
          hint={entry.path}
          isChosen={current === undefined}
          onChoose={() => choose(OPEN_FILE)}
        />
      )}
      {tests.length > 0 && <div className="menu-rule" />}
      {tests.map((task) => (
        <TaskItem key={task.name} icon={<FlaskConical size={15} aria-hidden />} task={task} />
      ))}
      {tasks.length > 0 && <div className="menu-rule" />}
      {tasks.map((task) => (
        <TaskItem key={task.name} icon={<SquareChevronRight size={15} aria-hidden />} task={task} />
      ))}
      <div className="menu-rule" />
      <button
        type="button"
        role="menuitem"
        tabIndex={-1}
        className="menu-item"
        onClick={() => app.dialogs.setState({ kind: "run-options" }, true)}
      >
        <SlidersHorizontal size={15} aria-hidden />
        <span className="menu-item-label">Arguments, variables and input</span>
      </button>
      <button type="button" role="menuitem" tabIndex={-1} className="menu-item" onClick={() => editAtelierFile(app)}>
        <FileCog size={15} aria-hidden />
        <span className="menu-item-label">{hasFile ? "Edit atelier.json" : "Write an atelier.json"}</span>
      </button>
    </div>
  );
};
