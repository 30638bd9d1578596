/** The open tabs: files by id, one of them shown; and those of the other group while the editor is split. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { type GroupSide, sameSaveState, type SaveState } from "../editor/index.ts";

export type TabGroup = {
  /** Ids of files, left to right. */
  readonly open: readonly string[];
  readonly shown: string | undefined;
};

/** The two groups of a split editor. */
export type Split = { readonly first: TabGroup; readonly second: TabGroup };

/** `open` and `shown` are those of the active group. */
export type TabsState = TabGroup & {
  /** Which group is the active one: the one that opened files go to. */
  readonly side: GroupSide;
  /** The other group; undefined while the editor is not split. No group of a split editor is empty. */
  readonly beside: TabGroup | undefined;
  /** The split that this window is too narrow for: its tabs are in one group here, and a wider window shows it again. */
  readonly joined: Split | undefined;
  /** Last known state by file id. */
  readonly saves: ReadonlyMap<string, SaveState>;
  /** Whether a file was shown: until then the first one is loading, and "No file is open" must not be shown. */
  readonly hasShown: boolean;
};
export type TabsStore = StoreApi<TabsState>;

const EMPTY: TabsState = {
  open: [],
  shown: undefined,
  side: 0,
  beside: undefined,
  joined: undefined,
  saves: new Map(),
  hasShown: false,
};

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

export const otherSide = (side: GroupSide): GroupSide => (side === 0 ? 1 : 0);

/** A group by its side; undefined for the second one while the editor is not split. */
export const groupAt = (tabs: TabsState, side: GroupSide): TabGroup | undefined =>
  tabs.side === side ? tabs : tabs.beside;

/** The files that are open in any group, each once. */
export const allOpen = ({ open, beside }: TabsState): readonly string[] =>
  beside ? [...new Set([...open, ...beside.open])] : open;

/**
 * Closes a tab of the active group; its right neighbour, else its left one, is shown instead. Without its last tab a group of a split
 * editor is gone, and the other one is the only one.
 */
export const closeTab = (store: TabsStore, fileId: string): void =>
  store.setState(({ open, shown, saves, beside }) => {
    const at = open.indexOf(fileId);
    if (at === -1) return {};
    const left = open.filter((id) => id !== fileId);
    const kept = new Map(saves);
    if (!beside?.open.includes(fileId)) kept.delete(fileId);
    if (left.length === 0 && beside) return { ...beside, side: 0, beside: undefined, saves: kept };
    return { open: left, saves: kept, shown: shown === fileId ? (left[at] ?? left[at - 1]) : shown };
  });

/** Adds a group beside, with the shown file in it; it is the active one then. Without a shown file nothing happens. */
export const splitTabs = (store: TabsStore): void =>
  store.setState(({ open, shown, beside }) =>
    beside || shown === undefined ? {} : { open: [shown], side: 1, beside: { open, shown }, joined: undefined },
  );

const tabsOf = ({ open, shown }: TabGroup): TabGroup => ({ open, shown });

/**
 * Makes one group of two: all tabs, those of the first group first; the shown file of the active one is shown.
 * @param forNow the window is too narrow for two groups: the split is kept for a wider one
 */
export const joinTabs = (store: TabsStore, { forNow = false }: { readonly forNow?: boolean } = {}): void =>
  store.setState((tabs) => {
    if (!tabs.beside) return {};
    const [first, second] = tabs.side === 0 ? [tabs, tabs.beside] : [tabs.beside, tabs];
    const joined = forNow ? { first: tabsOf(first), second: tabsOf(second) } : undefined;
    return { open: [...new Set([...first.open, ...second.open])], side: 0, beside: undefined, joined };
  });

/** Shows the tabs of a kept split in one group, because this window is too narrow for two. */
export const joinKept = (store: TabsStore, split: Split): void =>
  store.setState(({ open }) => ({
    open: [...new Set([...split.first.open, ...split.second.open, ...open])],
    joined: split,
  }));

/** The groups as they are kept: those of a wider window, if this one is too narrow for two, without the tabs that were closed here. */
export const keptGroups = (tabs: TabsState): { readonly first: TabGroup; readonly second?: TabGroup } => {
  const { joined, open, shown } = tabs;
  if (tabs.beside) {
    const [first, second] = tabs.side === 0 ? [tabs, tabs.beside] : [tabs.beside, tabs];
    return { first: tabsOf(first), second: tabsOf(second) };
  }
  const inSecond = open.filter((id) => joined?.second.open.includes(id));
  const inFirst = open.filter((id) => !inSecond.includes(id) || joined?.first.open.includes(id));
  if (!joined || inFirst.length === 0 || inSecond.length === 0) return { first: { open, shown } };
  const firstOf = (group: readonly string[], ...wanted: readonly (string | undefined)[]): string | undefined =>
    wanted.find((id) => id !== undefined && group.includes(id)) ?? group[0];
  const first = { open: inFirst, shown: firstOf(inFirst, shown, joined.first.shown) };
  const ofSecond = first.shown === shown ? undefined : shown;
  return { first, second: { open: inSecond, shown: firstOf(inSecond, ofSecond, joined.second.shown) } };
};

export const activateSide = (store: TabsStore, side: GroupSide): void =>
  store.setState(({ open, shown, side: now, beside }) =>
    !beside || side === now ? {} : { ...beside, side, beside: { open, shown } },
  );

/** Moves a tab of the active group to a position; out of range is brought into range. */
export const moveTab = (store: TabsStore, fileId: string, to: number): void =>
  store.setState(({ open }) => {
    if (!open.includes(fileId)) return {};
    return { open: open.filter((id) => id !== fileId).toSpliced(Math.max(0, to), 0, fileId) };
  });

/** Does not notify listeners of an unchanged state, because it is called at every keystroke. */
export const setSave = (store: TabsStore, fileId: string, state: SaveState): void => {
  const known = store.getState().saves.get(fileId);
  if (known && sameSaveState(known, state)) return;
  store.setState(({ saves }) => ({ saves: new Map(saves).set(fileId, state) }));
};

/** Whether there are unconfirmed edits. */
export const isUnsaved = (state: SaveState | undefined): boolean =>
  state !== undefined &&
  (state.kind === "saving" || state.kind === "unsaved-on-device" || (state.kind === "offline" && state.changes > 0));
