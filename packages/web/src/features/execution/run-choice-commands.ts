/** The commands of what else there is to run; the configurations of the project are commands too. */
import type { Command } from "../../app/commands/command-registry.ts";
import type { App } from "../../app/services.ts";
import { mayEdit } from "../projects/project-store.ts";
import { editAtelierFile } from "./atelier-file.ts";
import { run } from "./run-actions.ts";
import { OPEN_FILE } from "./run-choice-store.ts";
import { entryPointOf, targetOf } from "./run-target.ts";

export const runChoiceCommands = (app: App): Command[] => {
  const mayRun = (): boolean => mayEdit(app.projects.getState().state);
  const tests = () => app.runChoice.getState().configurations?.find(({ test }) => test);
  return [
    {
      id: "run.file",
      title: "Run this file",
      group: "Run",
      when: () => mayRun() && entryPointOf(app) !== undefined,
      run: () => {
        app.runChoice.setState({ chosen: OPEN_FILE, current: undefined });
        run(app);
      },
    },
    {
      id: "run.tests",
      title: "Run tests",
      group: "Run",
      when: () => mayRun() && tests() !== undefined,
      run: () => {
        const found = tests();
        if (found) run(app, found);
      },
    },
    {
      id: "run.options",
      title: "Arguments, variables and input",
      group: "Run",
      when: () => mayRun() && targetOf(app) !== undefined,
      run: () => app.dialogs.setState({ kind: "run-options" }, true),
    },
    {
      id: "run.atelierFile",
      title: "Edit atelier.json",
      group: "Run",
      when: () => mayRun() && app.projects.getState().state.kind === "open",
      run: () => editAtelierFile(app),
    },
  ];
};

/** One for each configuration, as they are now. */
export const configurationCommands = (app: App): Command[] =>
  (app.runChoice.getState().configurations ?? []).map((configuration) => ({
    id: `run:${configuration.name}`,
    title: configuration.name,
    group: "Run",
    run: () => {
      if (configuration.kind === "run") app.runChoice.setState({ chosen: configuration.name, current: configuration });
      run(app, configuration);
    },
  }));
