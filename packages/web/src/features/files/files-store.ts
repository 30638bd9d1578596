/** The project's tree in the page. */
import type { Entry } from "@atelier/contracts";
import { createStore, type StoreApi } from "zustand/vanilla";
import { type Entries, entriesFrom, folderOf } from "./entries.ts";

/** The edit in the tree: a new name for an entry, or a new entry in a folder. */
export type TreeEdit = { kind: "rename"; id: string } | { kind: "create"; what: "file" | "folder"; folder: string };

export type FilesState = {
  readonly entries: Entries;
  /** There is no state for a failed tree, because the project does not open without it. */
  readonly status: "none" | "loading" | "ready";
  /** Ids of open folders. */
  readonly expanded: ReadonlySet<string>;
  /** Deleted in the page, not yet on the server: undo is still possible. */
  readonly hidden: ReadonlySet<string>;
  readonly edit: TreeEdit | undefined;
  /** The row that Tab reaches. */
  readonly focusedId: string | undefined;
};
export type FilesStore = StoreApi<FilesState>;

const EMPTY: FilesState = {
  entries: new Map(),
  status: "none",
  expanded: new Set(),
  hidden: new Set(),
  edit: undefined,
  focusedId: undefined,
};

export const createFilesStore = (): FilesStore => createStore(() => EMPTY);

/** Resets to the state without a project. */
export const resetFiles = (store: FilesStore): void => store.setState(EMPTY);

export const setEntries = (store: FilesStore, list: readonly Entry[]): void =>
  store.setState({ entries: entriesFrom(list), status: "ready" });

export const setExpanded = (store: FilesStore, id: string, isExpanded: boolean): void =>
  store.setState(({ expanded }) => {
    const next = new Set(expanded);
    if (isExpanded) next.add(id);
    else next.delete(id);
    return { expanded: next };
  });

/** Opens every folder above a path, so that its row is there. */
export const expandTo = (store: FilesStore, path: string): void => {
  const { entries } = store.getState();
  const folders = new Set<string>();
  for (let folder = folderOf(path); folder !== ""; folder = folderOf(folder)) folders.add(folder);
  for (const entry of entries.values()) {
    if (entry.kind === "folder" && folders.has(entry.path)) setExpanded(store, entry.id, true);
  }
};
