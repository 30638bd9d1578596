/** The commands without keys: they are only listed, so their code is loaded with the palette's list. */
import { outputCommands } from "../../features/execution/output-commands.ts";
import { runChoiceCommands } from "../../features/execution/run-choice-commands.ts";
import { filesCommands } from "../../features/files/files-commands.ts";
import { projectCommands } from "../../features/projects/project-commands.ts";
import { narrowWindow } from "../narrow-window.ts";
import type { App } from "../services.ts";
import { changeSetting } from "../settings/settings-store.ts";
import type { ThemeChoice } from "../theme-store.ts";
import type { Command } from "./command-registry.ts";

const THEMES: Readonly<Record<ThemeChoice, string>> = {
  system: "Same as system",
  light: "Light",
  dark: "Dark",
};

const viewCommands = (app: App): Command[] => {
  const isProject = (): boolean => app.projects.getState().state.kind === "open";
  /** A phone shows one pane at a time. */
  const hasPanes = (): boolean => !narrowWindow().matches;
  const canShare = (): boolean => ["open", "sample"].includes(app.projects.getState().state.kind);
  return [
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
    ...Object.entries(THEMES).map(([choice, title]) => ({
      id: `view.theme.${choice}`,
      title,
      group: "Theme",
      run: () => changeSetting(app.settings, "theme", choice as ThemeChoice),
    })),
  ];
};

/** The first of them: where it is registered, all are. */
const FIRST = "view.files";

/** May be called again: they are registered once. */
export const registerListedCommands = (app: App): void => {
  if (app.commands.get(FIRST)) return;
  for (const commandsOf of [viewCommands, runChoiceCommands, filesCommands, outputCommands, projectCommands]) {
    app.commands.register(commandsOf(app));
  }
};
