/** Registers the commands of the page itself and those of its features. */
import { runCommands } from "../../features/execution/run-commands.ts";
import { filesCommands } from "../../features/files/files-commands.ts";
import { projectCommands } from "../../features/projects/project-commands.ts";
import { cycleRegion } from "../regions.ts";
import type { App } from "../services.ts";
import { changeSetting } from "../settings/settings-store.ts";
import type { ThemeChoice } from "../theme-store.ts";
import type { Command } from "./command-registry.ts";

const THEMES: Readonly<Record<ThemeChoice, string>> = {
  system: "Same as system",
  light: "Light",
  dark: "Dark",
};

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
    // Without a project there is nothing to choose from, and the browser may print.
    when: () => app.projects.getState().state.kind === "open",
    run: () => app.dialogs.setState({ kind: "palette", mode: "files" }, true),
  },
];

const viewCommands = (app: App): Command[] => {
  const isProject = (): boolean => app.projects.getState().state.kind === "open";
  /** A phone shows one pane at a time. */
  const hasPanes = (): boolean => matchMedia("(min-width: 760px)").matches;
  const canShare = (): boolean => ["open", "sample"].includes(app.projects.getState().state.kind);
  return [
    { id: "view.nextRegion", keys: ["F6"], overProgram: true, repeats: true, run: () => cycleRegion(app, 1) },
    {
      id: "view.previousRegion",
      keys: ["Shift+F6"],
      overProgram: true,
      repeats: true,
      run: () => cycleRegion(app, -1),
    },
    {
      id: "view.files",
      title: "Show or hide the files",
      group: "View",
      when: isProject,
      run: () => {
        const isShown = document.getElementById("shell")?.dataset["files"] === "shown";
        app.layout.setState({ filesShown: !isShown });
      },
    },
    {
      id: "view.panelBelow",
      title: "Put the output below the code",
      group: "View",
      when: () => app.layout.getState().panelAt === "right" && hasPanes(),
      run: () => app.layout.setState({ panelAt: "bottom" }),
    },
    {
      id: "view.panelBeside",
      title: "Put the output beside the code",
      group: "View",
      when: () => app.layout.getState().panelAt === "bottom" && hasPanes(),
      run: () => app.layout.setState({ panelAt: "right" }),
    },
    {
      id: "share.open",
      title: "Share",
      group: "Project",
      when: canShare,
      run: () => app.dialogs.setState({ kind: "share" }, true),
    },
    {
      id: "view.settings",
      title: "Settings",
      group: "View",
      keys: ["Mod+,"],
      run: () => app.dialogs.setState({ kind: "settings" }, true),
    },
    ...Object.entries(THEMES).map(([choice, title]) => ({
      id: `view.theme.${choice}`,
      title,
      group: "Theme",
      run: () => changeSetting(app.settings, "theme", choice as ThemeChoice),
    })),
  ];
};

/** Called once, when the page starts. */
export const registerPageCommands = (app: App): void => {
  for (const commandsOf of [paletteCommands, runCommands, filesCommands, viewCommands, projectCommands]) {
    app.commands.register(commandsOf(app));
  }
};
