/** The commands of the editor's groups. Their code is loaded when one of them is first used. */
import type { Command } from "../../app/commands/command-registry.ts";
import { narrowWindow } from "../../app/narrow-window.ts";
import { runLate } from "../../app/run-late.ts";
import type { App } from "../../app/services.ts";
import type { GroupSide } from "../editor/index.ts";
import type * as groups from "./editor-groups.ts";
import { activateGroup } from "./open-file.ts";

export const SPLIT_COMMAND = "view.split";
export const JOIN_COMMAND = "view.join";

type Groups = typeof groups;

/** Does something with the groups, whose code may have to be loaded first. */
export const withGroups = (act: (groups: Groups) => Promise<void> | void): void => {
  runLate(() => import("./editor-groups.ts"), act, "The editor could not be split.");
};

export const groupCommands = (app: App): Command[] => {
  const isSplit = (): boolean => app.tabs.getState().beside !== undefined;
  /** A phone shows one group. */
  const canSplit = (): boolean =>
    !isSplit() &&
    app.tabs.getState().shown !== undefined &&
    app.projects.getState().state.kind === "open" &&
    !narrowWindow().matches;
  const focus = (side: GroupSide): void => {
    activateGroup(app, side);
    app.editor.focus();
  };
  return [
    {
      id: SPLIT_COMMAND,
      title: "Split the editor",
      group: "View",
      keys: ["Mod+\\"],
      when: canSplit,
      run: () => withGroups(({ splitEditor }) => splitEditor(app)),
    },
    {
      id: JOIN_COMMAND,
      title: "Join the groups of the editor",
      group: "View",
      when: isSplit,
      run: () => withGroups(({ joinGroups }) => joinGroups(app)),
    },
    {
      id: "view.moveToOtherGroup",
      title: "Move the file to the other group",
      group: "View",
      when: () => isSplit() || (canSplit() && app.tabs.getState().open.length > 1),
      run: () => withGroups(({ moveToOtherGroup }) => moveToOtherGroup(app, app.tabs.getState().shown ?? "")),
    },
    {
      id: "view.firstGroup",
      title: "Go to the first group",
      group: "View",
      keys: ["Mod+1"],
      when: isSplit,
      run: () => focus(0),
    },
    {
      id: "view.secondGroup",
      title: "Go to the second group",
      group: "View",
      keys: ["Mod+2"],
      when: isSplit,
      run: () => focus(1),
    },
  ];
};
