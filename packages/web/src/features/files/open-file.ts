/** Shows a file of the open project: in tabs, tree, editor and presence. */
import type { App } from "../../app/services.ts";
import { projectAddress } from "../../app/address.ts";
import { mayEdit, openProjectOf, type ProjectState } from "../projects/project-store.ts";
import { entryAt } from "./entries.ts";
import { expandTo } from "./files-store.ts";
import { activateSide, allOpen, closeTab, otherSide, showTab } from "./tabs-store.ts";
import type { GroupSide } from "../editor/index.ts";

export type OpenFileOptions = {
  readonly initialText?: string;
  readonly line?: number;
  readonly column?: number;
  readonly focus?: boolean;
};

/** `main.py · Python sketch · Atelier`, as far as there is a file and a project. */
const titleOf = (app: App): string => {
  const shown = app.files.getState().entries.get(app.tabs.getState().shown ?? "")?.path;
  return [shown, openProjectOf(app.projects)?.name, "Atelier"].filter((part) => part !== undefined).join(" · ");
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
  document.title = titleOf(app);
};

/** Files are opened and closed in this group from now on; the keyboard stays where it is. */
export const activateGroup = (app: App, side: GroupSide): void => {
  const { side: now, beside } = app.tabs.getState();
  if (!beside || side === now) return;
  activateSide(app.tabs, side);
  app.editor.activate(side);
  document.title = titleOf(app);
};

/** Calls `act` with the other group as the active one, if the editor is split. */
export const inOtherGroup = (app: App, act: () => void): void => {
  const { side, beside } = app.tabs.getState();
  if (!beside) return;
  activateGroup(app, otherSide(side));
  act();
  activateGroup(app, side);
};

/** Updates the browser tab's title with the project's name. Returns a function that stops it. */
export const followProjectName = (app: App): (() => void) => {
  const nameIn = ({ state }: { readonly state: ProjectState }) =>
    state.kind === "open" ? state.project.name : undefined;
  return app.projects.subscribe((now, before) => {
    if (nameIn(now) !== undefined && nameIn(now) !== nameIn(before)) document.title = titleOf(app);
  });
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

/** Closes a tab of the active group and shows its neighbour. The keyboard goes into that one only if asked: it may be in use elsewhere. */
export const closeFile = (app: App, fileId: string, { focus = false }: { focus?: boolean } = {}): void => {
  const { shown, side, beside } = app.tabs.getState();
  closeTab(app.tabs, fileId);
  const left = app.tabs.getState();
  if (beside && !left.beside) endSplit(app, otherSide(side));
  if (!allOpen(left).includes(fileId)) app.editor.close(fileId);
  if (shown !== fileId) return;
  const next = left.shown;
  if (next !== undefined) openFile(app, next, { focus });
  else document.title = titleOf(app);
};

/** The tabs are those of one group by now: their view is the only one from now on. */
export const endSplit = (app: App, kept: GroupSide): void => {
  app.comparison.setState({ fileId: undefined });
  app.editor.unsplit(kept);
};

/** Closes a file's tabs in both groups. */
export const closeEverywhere = (app: App, fileId: string): void => {
  const { beside } = app.tabs.getState();
  if (beside?.open.includes(fileId)) inOtherGroup(app, () => closeFile(app, fileId));
  closeFile(app, fileId);
};

/** The address that opens this project again. */
export const addressOf = (app: App, slug: string): string => projectAddress(app.boot.basePath, slug);
