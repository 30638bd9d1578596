/** The commands of runs: their keys work from the first moment on. */
import type { Command } from "../../app/commands/command-registry.ts";
import type { App } from "../../app/services.ts";
import { runByKey, stop } from "./run-actions.ts";
import { RUN_KEYS } from "./run-keys.ts";
import { isBusy } from "./run-store.ts";
import { mayEdit } from "../projects/project-store.ts";

export const runCommands = (app: App): Command[] => {
  const isRunning = (): boolean => isBusy(app.runs.getState().state);
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
  ];
};
