/** The commands of files, tabs and the tree. */
import type { Command } from "../../app/commands/command-registry.ts";
import type { App } from "../../app/services.ts";
import { mayEdit } from "../projects/project-store.ts";
import { chooseFiles } from "./choose-files.ts";
import { deleteEntry } from "./file-actions.ts";
import { closeFile, openFile } from "./open-file.ts";
import { folderForNew, startCreating } from "./start-creating.ts";

export const filesCommands = (app: App): Command[] => {
  const isOpen = (): boolean => app.projects.getState().state.kind === "open";
  const canEdit = (): boolean => isOpen() && mayEdit(app.projects.getState().state);
  const shown = (): string | undefined => app.tabs.getState().shown;
  const hasShown = (): boolean => isOpen() && shown() !== undefined;
  const hasTabs = (): boolean => isOpen() && app.tabs.getState().open.length > 1;
  const isSplit = (): boolean => app.tabs.getState().beside !== undefined;
  const showTree = (): void => app.layout.setState({ filesShown: true, pane: "files" });
  const create = (what: "file" | "folder"): void => {
    showTree();
    startCreating(app, what, folderForNew(app));
  };
  const nextTab = (step: 1 | -1): void => {
    const { open } = app.tabs.getState();
    const next = open.at((open.indexOf(shown() ?? "") + step) % open.length);
    if (next !== undefined) openFile(app, next);
  };
  return [
    { id: "files.new", title: "New file", group: "Files", when: canEdit, run: () => create("file") },
    { id: "files.newFolder", title: "New folder", group: "Files", when: canEdit, run: () => create("folder") },
    {
      id: "files.upload",
      title: "Upload files",
      group: "Files",
      when: canEdit,
      run: () => chooseFiles(app, folderForNew(app), "files"),
    },
    {
      id: "files.uploadFolder",
      title: "Upload a folder",
      group: "Files",
      when: canEdit,
      run: () => chooseFiles(app, folderForNew(app), "folder"),
    },
    {
      id: "files.importArchive",
      title: "Import an archive",
      group: "Files",
      when: canEdit,
      run: () => chooseFiles(app, folderForNew(app), "archive"),
    },
    {
      id: "files.rename",
      title: "Rename the shown file",
      group: "Files",
      when: () => canEdit() && hasShown(),
      run: () => {
        const id = shown();
        showTree();
        if (id !== undefined) app.files.setState({ edit: { kind: "rename", id } });
      },
    },
    {
      id: "files.delete",
      title: "Delete the shown file",
      group: "Files",
      when: () => canEdit() && hasShown(),
      run: () => deleteEntry(app, shown() ?? ""),
    },
    {
      id: "files.compare",
      title: "Compare with an older version",
      group: "Files",
      when: () => hasShown() && app.editor.actions().length > 0,
      run: () => app.comparison.setState({ fileId: shown(), side: app.tabs.getState().side }),
    },
    {
      id: "files.closeTab",
      title: "Close the tab",
      group: "Files",
      when: () => hasTabs() || isSplit(),
      run: () => closeFile(app, shown() ?? "", { focus: true }),
    },
    { id: "files.nextTab", title: "Next tab", group: "Files", when: hasTabs, run: () => nextTab(1) },
    { id: "files.previousTab", title: "Previous tab", group: "Files", when: hasTabs, run: () => nextTab(-1) },
  ];
};
