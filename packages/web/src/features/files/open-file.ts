/** Brings a file of the open project in front of the reader: tab, tree, editor, presence. */
import type { App } from "../../app/services.ts";
import { projectAddress } from "../../app/address.ts";
import { mayEdit, openProjectOf } from "../projects/project-store.ts";
import { entryAt } from "./entries.ts";
import { expandTo } from "./files-store.ts";
import { closeTab, showTab } from "./tabs-store.ts";

export type OpenFileOptions = {
  readonly initialText?: string;
  readonly line?: number;
  readonly column?: number;
  readonly focus?: boolean;
};

/** Opens a file by id; does nothing for an id that is no file of this project. */
export const openFile = (app: App, fileId: string, options: OpenFileOptions = {}): void => {
  const project = openProjectOf(app.projects);
  const entry = app.files.getState().entries.get(fileId);
  if (!project || entry?.kind !== "file") return;
  showTab(app.tabs, fileId);
  expandTo(app.files, entry.path);
  app.files.setState({ focusedId: fileId });
  const file = { kind: "live", projectId: project.id, fileId, path: entry.path } as const;
  const readOnly = !mayEdit(app.projects.getState().state);
  const { initialText } = options;
  app.editor.open(initialText === undefined ? { ...file, readOnly } : { ...file, readOnly, initialText });
  if (options.line !== undefined) app.editor.reveal(options.line, options.column);
  if (options.focus !== false) {
    app.layout.setState({ pane: "code" });
    app.editor.focus();
  }
  document.title = `${entry.path} · ${project.name} · Atelier`;
};

/** Opens a file by path, at a 1-based line if given; false when there is none. */
export const openPath = (app: App, path: string, options: OpenFileOptions = {}): boolean => {
  const entry = entryAt(app.files.getState().entries, path);
  if (entry?.kind === "file") {
    openFile(app, entry.id, options);
    return true;
  }
  const { state } = app.projects.getState();
  if (state.kind !== "sample" || state.sample.path !== path) return false;
  if (options.line !== undefined) app.editor.reveal(options.line, options.column);
  app.layout.setState({ pane: "code" });
  app.editor.focus();
  return true;
};

/** Closes a tab and shows its neighbour. */
export const closeFile = (app: App, fileId: string): void => {
  const { shown } = app.tabs.getState();
  closeTab(app.tabs, fileId);
  app.editor.close(fileId);
  const next = app.tabs.getState().shown;
  if (shown === fileId && next !== undefined) openFile(app, next);
};

/** The address that opens this project again. */
export const addressOf = (app: App, slug: string): string => projectAddress(app.boot.basePath, slug);
