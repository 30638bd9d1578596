/** Begins a new file or folder: a field for its name opens in the tree. */
import type { App } from "../../app/services.ts";
import { folderOf, joinPath } from "./entries.ts";
import { expandTo } from "./files-store.ts";

/** Opens a field for a new entry's name, at its position in the tree. */
export const startCreating = (app: App, what: "file" | "folder", folder: string): void => {
  if (folder !== "") expandTo(app.files, joinPath(folder, "-"));
  app.files.setState({ edit: { kind: "create", what, folder } });
};

/** The parent folder of a new entry: the focused folder, or that of the focused file. */
export const folderForNew = (app: App): string => {
  const { entries, focusedId } = app.files.getState();
  const focused = entries.get(focusedId ?? "");
  if (!focused) return "";
  return focused.kind === "folder" ? focused.path : folderOf(focused.path);
};
