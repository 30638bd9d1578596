/** The commands of runs and of their output. */
import type { Command } from "../../app/commands/command-registry.ts";
import type { App } from "../../app/services.ts";
import { copyOutput, openFind } from "./console-actions.ts";
import { consoleStore, setWrapped } from "./console-store.ts";
import { runByKey, stop } from "./run-actions.ts";
import { RUN_KEYS } from "./run-keys.ts";
import { isBusy } from "./run-store.ts";
import { clearOutput } from "./run-view.ts";
import { mayEdit } from "../projects/project-store.ts";

export const runCommands = (app: App): Command[] => {
  const isRunning = (): boolean => isBusy(app.runs.getState().state);
  const hasOutput = (): boolean => app.runs.getState().state.kind !== "idle";
  const showOutput = (): void => app.layout.setState({ pane: "output" });
  return [
    // Before Run, which has the same keys when there is nothing to stop.
    {
      id: "run.stop",
      title: "Stop",
      group: "Run",
      keys: ["Mod+Shift+Enter", "Ctrl+Shift+Enter", "Meta+Shift+Enter"],
      overProgram: true,
      when: () => isRunning() && mayEdit(app.projects.getState().state),
      run: () => stop(app),
    },
    {
      id: "run.start",
      title: "Run",
      group: "Run",
      keys: [RUN_KEYS, "Ctrl+Enter", "Meta+Enter", "Ctrl+Shift+Enter", "Meta+Shift+Enter"],
      overProgram: true,
      run: () => runByKey(app),
    },
    {
      id: "output.copy",
      title: "Copy the output",
      group: "Output",
      when: hasOutput,
      run: () => void copyOutput(app.runs.getState().output),
    },
    {
      id: "output.find",
      title: "Find in the output",
      group: "Output",
      when: hasOutput,
      run: () => {
        showOutput();
        openFind();
      },
    },
    {
      id: "output.wrap",
      title: "Wrap long lines, or not",
      group: "Output",
      when: hasOutput,
      run: () => setWrapped(!consoleStore.getState().isWrapped),
    },
    { id: "output.clear", title: "Clear the output", group: "Output", when: hasOutput, run: () => clearOutput(app) },
  ];
};
