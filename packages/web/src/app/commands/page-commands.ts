/** Registers the commands that have keys; the others are loaded with the palette's list (`listed-commands.ts`). */
import { runCommands } from "../../features/execution/run-commands.ts";
import { groupCommands } from "../../features/files/group-commands.ts";
import { saveCommands } from "../../features/files/save-command.ts";
import { cycleRegion } from "../regions.ts";
import type { App } from "../services.ts";
import type { Command } from "./command-registry.ts";

const paletteCommands = (app: App): Command[] => [
  {
    id: "palette.commands",
    title: "Show all commands",
    group: "View",
    // Firefox opens a private window with Ctrl+Shift+P and lets no page have it; F1 works everywhere.
    keys: ["Mod+Shift+P", "F1"],
    overProgram: true,
    run: () => app.dialogs.setState({ kind: "palette", mode: "commands" }, true),
  },
  {
    id: "palette.files",
    title: "Go to file",
    group: "View",
    keys: ["Mod+P"],
    // Without a project there are no files to choose from, and the browser prints.
    when: () => app.projects.getState().state.kind === "open",
    run: () => app.dialogs.setState({ kind: "palette", mode: "files" }, true),
  },
];

const viewCommands = (app: App): Command[] => [
  { id: "view.nextRegion", keys: ["F6"], overProgram: true, repeats: true, run: () => cycleRegion(app, 1) },
  {
    id: "view.previousRegion",
    keys: ["Shift+F6"],
    overProgram: true,
    repeats: true,
    run: () => cycleRegion(app, -1),
  },
  {
    id: "view.settings",
    title: "Settings",
    group: "View",
    keys: ["Mod+,"],
    run: () => app.dialogs.setState({ kind: "settings" }, true),
  },
];

/** Called once, when the page starts. */
export const registerPageCommands = (app: App): void => {
  for (const commandsOf of [paletteCommands, runCommands, saveCommands, viewCommands, groupCommands]) {
    app.commands.register(commandsOf(app));
  }
};
