/** The tree's actions: create, rename, move, delete with undo. Shown at once, corrected if refused. */
import { type Entry, routes } from "@atelier/contracts";
import { errorText, isProblem } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { dismissToast, showToast } from "../../design/toasts.ts";
import { requireProject } from "../projects/project-store.ts";
import { folderOf, isBelow, joinPath, nameOf, withChanged, withoutRemoved } from "./entries.ts";
import { expandTo, setExpanded } from "./files-store.ts";
import { nameFault } from "./name-faults.ts";
import { closeEverywhere, openFile } from "./open-file.ts";
import { addRecovered } from "../projects/recovered-store.ts";
import { focusRow } from "./row-focus.ts";
import { GROUP_ELEMENTS } from "./group-elements.ts";
import { allOpen } from "./tabs-store.ts";
import { createTypeAhead } from "./type-ahead.ts";

const takeEntry = (app: App, entry: Entry): void =>
  app.files.setState(({ entries }) => ({ entries: withChanged(entries, [entry]) }));

/** Text that is typed before the file exists is inserted into it; if it can't be created, the user can copy the text. */
const createFile = async (
  app: App,
  { projectId, path, typesOn }: { readonly projectId: string; readonly path: string; readonly typesOn: boolean },
): Promise<string> => {
  const frame = typesOn ? document.getElementById(GROUP_ELEMENTS[app.tabs.getState().side].frame) : null;
  app.layout.setState({ pane: "code" });
  const typeAhead = frame ? createTypeAhead(frame, path) : undefined;
  try {
    await app.deletions.settle();
    const file = await app.call(routes.createFile, { params: { projectId }, body: { path, content: "" } });
    await typeAhead?.composed();
    takeEntry(app, file);
    const isHere = typeAhead?.hasFocus ?? true;
    // Its text is known, so typed text is inserted at once.
    openFile(app, file.id, { initialText: "", focus: isHere });
    const text = typeAhead?.text() ?? "";
    if (text !== "") app.editor.act({ kind: "insert", text });
    return file.id;
  } catch (error) {
    const text = typeAhead?.text() ?? "";
    if (text !== "") addRecovered(app.recovered, { projectId, fileId: path, path, text, keptAt: Date.now() });
    throw error;
  } finally {
    typeAhead?.remove();
  }
};

/**
 * Creates a file (and opens it) or a folder; returns its id. Text that the user types after the name goes into the file.
 * @throws ApiProblem, Unreachable
 */
export const createEntry = async (
  app: App,
  what: "file" | "folder",
  path: string,
  { typesOn }: { readonly typesOn: boolean },
): Promise<string> => {
  const params = { projectId: requireProject(app.projects).id };
  if (what === "file") return createFile(app, { projectId: params.projectId, path, typesOn });
  await app.deletions.settle();
  const folder = await app.call(routes.createFolder, { params, body: { path } });
  takeEntry(app, folder);
  setExpanded(app.files, folder.id, true);
  app.files.setState({ focusedId: folder.id });
  return folder.id;
};

/** Renames or moves; the tree shows it before the server has answered. */
export const moveEntry = async (app: App, id: string, to: string): Promise<void> => {
  const { entries: before, hidden } = app.files.getState();
  const entry = before.get(id);
  if (!entry || entry.path === to) return;
  const fault = nameFault(nameOf(to), { entries: before, hidden, folder: folderOf(to), ownId: id });
  if (fault !== undefined) {
    showToast({ text: `${nameOf(entry.path)} was not moved. ${fault}`, tone: "bad" });
    return;
  }
  takeEntry(app, { ...entry, path: to });
  try {
    await app.deletions.settle();
    const params = { projectId: requireProject(app.projects).id };
    takeEntry(app, await app.call(routes.move, { params, body: { from: entry.path, to } }));
  } catch (error) {
    takeEntry(app, entry);
    showToast({ text: `${nameOf(entry.path)} was not moved. ${errorText(error)}`, tone: "bad" });
  }
};

/** Moves an entry into a folder (empty: the root) and announces it, because the row may no longer be visible. */
export const moveInto = async (app: App, id: string, folder: string): Promise<void> => {
  const entry = app.files.getState().entries.get(id);
  if (!entry) return;
  const to = joinPath(folder, nameOf(entry.path));
  if (folder !== "") expandTo(app.files, to);
  app.files.setState({ focusedId: id });
  await moveEntry(app, id, to);
};

const unhide = (app: App, id: string): void =>
  app.files.setState(({ hidden }) => ({ hidden: new Set([...hidden].filter((other) => other !== id)) }));

const deleteNow = async (app: App, projectId: string, id: string): Promise<void> => {
  const entry = app.files.getState().entries.get(id);
  if (!entry) return;
  try {
    const query = entry.kind === "folder" ? { path: entry.path, recursive: "true" as const } : { path: entry.path };
    await app.call(routes.deleteFile, {
      params: { projectId },
      query,
      keepalive: true,
    });
    app.files.setState(({ entries }) => ({ entries: withoutRemoved(entries, [id]) }));
  } catch (error) {
    // Another user deleted it first.
    if (isProblem(error, "projects/no-such-file")) return;
    showToast({ text: `${nameOf(entry.path)} was not deleted. ${errorText(error)}`, tone: "bad" });
  } finally {
    unhide(app, id);
  }
};

/** Deletes an entry after a few seconds in which the user can undo it; leaving the project or the page deletes it at once. */
export const deleteEntry = (app: App, id: string): void => {
  const { entries, hidden } = app.files.getState();
  const entry = entries.get(id);
  if (!entry || hidden.has(id)) return;
  const { id: projectId } = requireProject(app.projects);
  app.files.setState({ hidden: new Set(hidden).add(id) });
  const { shown } = app.tabs.getState();
  const wasOpen = allOpen(app.tabs.getState()).filter((fileId) => {
    const path = entries.get(fileId)?.path ?? "";
    return fileId === id || isBelow(path, entry.path);
  });
  for (const fileId of wasOpen) closeEverywhere(app, fileId);

  let isOver = false;
  let underWay = Promise.resolve();
  const end = (): void => {
    isOver = true;
    removeEventListener("pagehide", leave);
    dismissToast(toastId);
  };
  const commit = (): Promise<void> => {
    if (!isOver) {
      end();
      underWay = deleteNow(app, projectId, id).finally(settled);
    }
    return underWay;
  };
  const undo = (): boolean => {
    if (isOver) return false;
    end();
    settled();
    unhide(app, id);
    app.files.setState({ focusedId: id });
    app.tabs.setState(({ open: now }) => ({ open: [...new Set([...now, ...wasOpen])] }));
    if (shown !== undefined && wasOpen.includes(shown)) openFile(app, shown, { focus: false });
    return true;
  };
  const leave = (): void => void commit();
  const settled = app.deletions.add({ path: entry.path, commit, undo });
  addEventListener("pagehide", leave);
  const toastId = showToast({
    text: `Deleted ${nameOf(entry.path)}`,
    action: { label: "Undo", run: () => undo() && focusRow(id) },
    onGone: leave,
  });
};
