/** The commands of the output. */
import type { Command } from "../../app/commands/command-registry.ts";
import type { App } from "../../app/services.ts";
import { copyOutput, openFind } from "./console-actions.ts";
import { setWrapped } from "./console-store.ts";
import { clearOutput } from "./run-view.ts";

export const outputCommands = (app: App): Command[] => {
  const hasOutput = (): boolean => app.runs.getState().state.kind !== "idle";
  const showOutput = (): void => app.layout.setState({ pane: "output" });
  return [
    {
      id: "output.copy",
      title: "Copy the output",
      group: "Output",
      when: hasOutput,
      run: () => void copyOutput(app),
    },
    {
      id: "output.find",
      title: "Find in the output",
      group: "Output",
      when: hasOutput,
      run: () => {
        showOutput();
        openFind(app.console);
      },
    },
    {
      id: "output.wrap",
      title: "Wrap long lines, or not",
      group: "Output",
      when: hasOutput,
      run: () => setWrapped(app.console, !app.console.getState().isWrapped),
    },
    { id: "output.clear", title: "Clear the output", group: "Output", when: hasOutput, run: () => clearOutput(app) },
  ];
};
