/** The open tabs: files by id, one of them shown. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { sameSaveState, type SaveState } from "../editor/index.ts";

export type TabsState = {
  /** Ids of files, left to right. */
  readonly open: readonly string[];
  readonly shown: string | undefined;
  /** Last known state by file id. */
  readonly saves: ReadonlyMap<string, SaveState>;
  /** Has any file been shown here? Until then the first one is on its way, and "no file" is not yet true. */
  readonly hasShown: boolean;
};
export type TabsStore = StoreApi<TabsState>;

const EMPTY: TabsState = { open: [], shown: undefined, saves: new Map(), hasShown: false };

/** As without a project. */
export const resetTabs = (store: TabsStore): void => store.setState(EMPTY);

export const createTabsStore = (): TabsStore => {
  const store: TabsStore = createStore(() => EMPTY);
  store.subscribe(({ shown, hasShown }) => {
    if (shown !== undefined && !hasShown) store.setState({ hasShown: true });
  });
  return store;
};

export const showTab = (store: TabsStore, fileId: string): void =>
  store.setState(({ open }) => ({ open: open.includes(fileId) ? open : [...open, fileId], shown: fileId }));

/** Closes a tab; its right neighbour, else its left one, is shown instead. */
export const closeTab = (store: TabsStore, fileId: string): void =>
  store.setState(({ open, shown, saves }) => {
    const at = open.indexOf(fileId);
    if (at === -1) return {};
    const left = open.filter((id) => id !== fileId);
    const kept = new Map(saves);
    kept.delete(fileId);
    return { open: left, saves: kept, shown: shown === fileId ? (left[at] ?? left[at - 1]) : shown };
  });

/** Moves a tab to a position; out of range is brought into range. */
export const moveTab = (store: TabsStore, fileId: string, to: number): void =>
  store.setState(({ open }) => {
    if (!open.includes(fileId)) return {};
    return { open: open.filter((id) => id !== fileId).toSpliced(Math.max(0, to), 0, fileId) };
  });

/** What was known already wakes nobody: this is told at every keystroke. */
export const setSave = (store: TabsStore, fileId: string, state: SaveState): void => {
  const known = store.getState().saves.get(fileId);
  if (known && sameSaveState(known, state)) return;
  store.setState(({ saves }) => ({ saves: new Map(saves).set(fileId, state) }));
};

/** Is something typed here that no server has confirmed? */
export const isUnsaved = (state: SaveState | undefined): boolean =>
  state !== undefined &&
  (state.kind === "saving" || state.kind === "unsaved-on-device" || (state.kind === "offline" && state.changes > 0));
