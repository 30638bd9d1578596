/** What the tree does to the project: make, rename, move, delete with undo. Shown at once, corrected if refused. */
import { parsePath, routes } from "@atelier/contracts";
import { errorText } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { requireProject } from "../projects/project-store.ts";
import { entryAt, folderOf, isBelow, joinPath, nameOf, withChanged, withoutRemoved } from "./entries.ts";
import { setExpanded } from "./files-store.ts";
import { closeFile, openFile } from "./open-file.ts";

/** A deletion reaches the server this long after the click; until then Undo needs nothing from anybody. */
const UNDO_MS = 6000;

/** Why a name can't be used for an entry in `folder`; undefined when it can. `ownId` is the entry being renamed. */
export const nameFault = (app: App, name: string, folder: string, ownId?: string): string | undefined => {
  const parsed = parsePath(joinPath(folder, name));
  if (!parsed.ok) return name === "" ? "Give it a name." : parsed.detail;
  const twin = entryAt(app.files.getState().entries, parsed.path);
  return twin !== undefined && twin.id !== ownId ? "There is something with this name already." : undefined;
};

/** Makes a file (and opens it) or a folder. @throws ApiProblem, Unreachable */
export const createEntry = async (app: App, what: "file" | "folder", path: string): Promise<void> => {
  const params = { projectId: requireProject(app.projects).id };
  if (what === "folder") {
    const folder = await app.call(routes.createFolder, { params, body: { path } });
    app.files.setState(({ entries }) => ({ entries: withChanged(entries, [folder]) }));
    setExpanded(app.files, folder.id, true);
    return;
  }
  const file = await app.call(routes.createFile, { params, body: { path, content: "" } });
  app.files.setState(({ entries }) => ({ entries: withChanged(entries, [file]) }));
  openFile(app, file.id);
};

/** Renames or moves; the tree shows it before the server has answered. */
export const moveEntry = async (app: App, id: string, to: string): Promise<void> => {
  const before = app.files.getState().entries;
  const entry = before.get(id);
  if (!entry || entry.path === to) return;
  app.files.setState({ entries: withChanged(before, [{ ...entry, path: to }]) });
  try {
    const params = { projectId: requireProject(app.projects).id };
    const moved = await app.call(routes.move, { params, body: { from: entry.path, to } });
    app.files.setState(({ entries }) => ({ entries: withChanged(entries, [moved]) }));
  } catch (error) {
    app.files.setState(({ entries }) => ({ entries: withChanged(entries, [entry]) }));
    showToast({ text: `${nameOf(entry.path)} was not moved. ${errorText(error)}`, tone: "bad" });
  }
};

const unhide = (app: App, id: string): void =>
  app.files.setState(({ hidden }) => ({ hidden: new Set([...hidden].filter((other) => other !== id)) }));

const deleteNow = async (app: App, id: string): Promise<void> => {
  const entry = app.files.getState().entries.get(id);
  if (!entry) return;
  try {
    const query = entry.kind === "folder" ? { path: entry.path, recursive: "true" as const } : { path: entry.path };
    await app.call(routes.deleteFile, {
      params: { projectId: requireProject(app.projects).id },
      query,
      keepalive: true,
    });
    app.files.setState(({ entries }) => ({ entries: withoutRemoved(entries, [id]) }));
  } catch (error) {
    showToast({ text: `${nameOf(entry.path)} was not deleted. ${errorText(error)}`, tone: "bad" });
  } finally {
    unhide(app, id);
  }
};

/** Takes an entry away with a few seconds to change one's mind; leaving the page makes it final. */
export const deleteEntry = (app: App, id: string): void => {
  const entry = app.files.getState().entries.get(id);
  if (!entry || app.files.getState().hidden.has(id)) return;
  app.files.setState(({ hidden }) => ({ hidden: new Set(hidden).add(id) }));
  const wasOpen = app.tabs.getState().open.filter((fileId) => {
    const path = app.files.getState().entries.get(fileId)?.path ?? "";
    return fileId === id || isBelow(path, entry.path);
  });
  for (const fileId of wasOpen) closeFile(app, fileId);

  const commit = (): void => {
    clearTimeout(timer);
    removeEventListener("pagehide", commit);
    void deleteNow(app, id);
  };
  const timer = setTimeout(commit, UNDO_MS);
  addEventListener("pagehide", commit);
  const undo = (): void => {
    clearTimeout(timer);
    removeEventListener("pagehide", commit);
    unhide(app, id);
    for (const fileId of wasOpen) openFile(app, fileId);
  };
  showToast({ text: `Deleted ${nameOf(entry.path)}`, action: { label: "Undo", run: undo } });
};

/** Where a new entry goes: into the focused folder, or beside the focused file. */
export const folderForNew = (app: App): string => {
  const { entries, focusedId } = app.files.getState();
  const focused = entries.get(focusedId ?? "");
  if (!focused) return "";
  return focused.kind === "folder" ? focused.path : folderOf(focused.path);
};
