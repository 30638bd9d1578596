import { describe, expect, it } from "vitest";
import { saveWords } from "./save-words.ts";
import type { SaveState } from "../editor/index.ts";
import {
  activateSide,
  allOpen,
  closeTab,
  createTabsStore,
  groupAt,
  isUnsaved,
  joinKept,
  joinTabs,
  keptGroups,
  moveTab,
  setSave,
  showTab,
  splitTabs,
} from "./tabs-store.ts";

const withTabs = (...ids: string[]) => {
  const store = createTabsStore();
  for (const id of ids) showTab(store, id);
  return store;
};

describe("tabs", () => {
  it("shows a tab again without opening it twice", () => {
    const store = withTabs("a", "b", "a");
    expect(store.getState()).toMatchObject({ open: ["a", "b"], shown: "a" });
  });

  it("shows the right neighbour of a closed tab, else the left one, else none", () => {
    const store = withTabs("a", "b", "c");
    showTab(store, "b");
    closeTab(store, "b");
    expect(store.getState().shown).toBe("c");
    closeTab(store, "c");
    expect(store.getState().shown).toBe("a");
    closeTab(store, "a");
    expect(store.getState()).toMatchObject({ open: [], shown: undefined });
  });

  it("records that a file was shown, by any way", () => {
    const store = createTabsStore();
    expect(store.getState().hasShown).toBe(false);
    store.setState({ open: ["a"], shown: "a" });
    closeTab(store, "a");
    expect(store.getState()).toMatchObject({ shown: undefined, hasShown: true });
  });

  it("does not notify listeners of an unchanged save state", () => {
    const store = withTabs("a");
    let woken = 0;
    store.subscribe(() => {
      woken += 1;
    });
    setSave(store, "a", { kind: "offline", changes: 1 });
    setSave(store, "a", { kind: "offline", changes: 1 });
    setSave(store, "a", { kind: "offline", changes: 2 });
    expect(woken).toBe(2);
  });

  it("removes the save state with the tab", () => {
    const store = withTabs("a");
    setSave(store, "a", { kind: "saving" });
    closeTab(store, "a");
    expect(store.getState().saves.size).toBe(0);
  });

  it("moves a tab within bounds and ignores a foreign one", () => {
    const store = withTabs("a", "b", "c");
    moveTab(store, "c", -5);
    expect(store.getState().open).toEqual(["c", "a", "b"]);
    moveTab(store, "elsewhere", 0);
    expect(store.getState().open).toEqual(["c", "a", "b"]);
  });
});

describe("the groups of a split editor", () => {
  /** `a` and `b` in the first group, `b` and `c` in the second one, which is active. */
  const split = () => {
    const store = withTabs("a", "b");
    splitTabs(store);
    showTab(store, "c");
    return store;
  };

  it("begins with the shown file in both, and what is opened then goes into the active one", () => {
    const store = split();
    expect(groupAt(store.getState(), 0)).toMatchObject({ open: ["a", "b"], shown: "b" });
    expect(groupAt(store.getState(), 1)).toMatchObject({ open: ["b", "c"], shown: "c" });
    expect(store.getState().side).toBe(1);
    expect(allOpen(store.getState())).toEqual(["b", "c", "a"]);
    activateSide(store, 0);
    showTab(store, "d");
    expect(groupAt(store.getState(), 0)).toMatchObject({ open: ["a", "b", "d"], shown: "d" });
    expect(groupAt(store.getState(), 1)).toEqual({ open: ["b", "c"], shown: "c" });
  });

  it("stay two when asked to split again, and without a shown file there is none", () => {
    const store = split();
    const before = store.getState();
    splitTabs(store);
    activateSide(store, 1);
    expect(store.getState()).toEqual(before);
    const empty = createTabsStore();
    splitTabs(empty);
    activateSide(empty, 1);
    expect(empty.getState()).toMatchObject({ side: 0, beside: undefined });
  });

  it("keep a file's saved state until its last tab is closed", () => {
    const store = split();
    setSave(store, "b", { kind: "saving" });
    closeTab(store, "b");
    expect(store.getState().saves.has("b")).toBe(true);
    activateSide(store, 0);
    closeTab(store, "b");
    expect(store.getState().saves.has("b")).toBe(false);
  });

  it.each([0, 1] as const)("are one when the last tab of group %i is closed: the other one's", (side) => {
    const store = split();
    const other = groupAt(store.getState(), side === 0 ? 1 : 0);
    activateSide(store, side);
    for (const fileId of store.getState().open) closeTab(store, fileId);
    expect(store.getState()).toMatchObject({ ...other, side: 0, beside: undefined });
  });

  it.each([
    [0, "b"],
    [1, "c"],
  ] as const)("are one when joined from group %i, which goes on showing %s", (side, shown) => {
    const store = split();
    activateSide(store, side);
    joinTabs(store);
    expect(store.getState()).toMatchObject({ open: ["a", "b", "c"], shown, side: 0, beside: undefined });
    joinTabs(store);
    expect(store.getState().open).toEqual(["a", "b", "c"]);
  });
});

describe("a split that the window is too narrow for", () => {
  const split = { first: { open: ["a", "b"], shown: "a" }, second: { open: ["b", "c"], shown: "c" } };

  it("is kept when it is joined for now, and not when the user joins it", () => {
    const store = withTabs("a", "b");
    splitTabs(store);
    showTab(store, "c");
    const before = keptGroups(store.getState());
    expect(before).toEqual({ first: { open: ["a", "b"], shown: "b" }, second: { open: ["b", "c"], shown: "c" } });
    joinTabs(store, { forNow: true });
    expect(store.getState()).toMatchObject({ open: ["a", "b", "c"], shown: "c", beside: undefined });
    expect(keptGroups(store.getState())).toEqual(before);
    splitTabs(store);
    joinTabs(store);
    expect(keptGroups(store.getState())).toEqual({ first: { open: ["a", "b", "c"], shown: "c" } });
  });

  it("is shown as one group, and is kept with the tabs that are opened and closed in it", () => {
    const store = createTabsStore();
    joinKept(store, split);
    showTab(store, "a");
    expect(store.getState().open).toEqual(["a", "b", "c"]);
    expect(keptGroups(store.getState())).toEqual(split);
    showTab(store, "d");
    expect(keptGroups(store.getState()).first).toEqual({ open: ["a", "b", "d"], shown: "d" });
    showTab(store, "c");
    expect(keptGroups(store.getState())).toEqual({
      first: { open: ["a", "b", "d"], shown: "a" },
      second: { open: ["b", "c"], shown: "c" },
    });
    closeTab(store, "c");
    expect(keptGroups(store.getState()).second).toEqual({ open: ["b"], shown: "b" });
  });

  it.each([
    ["second", ["b", "c"]],
    ["first", ["a", "b"]],
  ] as const)("is none any more when all tabs of its %s group are closed", (_group, closed) => {
    const store = createTabsStore();
    joinKept(store, split);
    for (const fileId of closed) closeTab(store, fileId);
    const { open, shown } = store.getState();
    expect(keptGroups(store.getState())).toEqual({ first: { open, shown } });
  });
});

describe("isUnsaved", () => {
  it("is true only while something typed is not confirmed: being offline alone is not", () => {
    const unsaved: readonly SaveState[] = [
      { kind: "saving" },
      { kind: "unsaved-on-device", changes: 1 },
      { kind: "offline", changes: 2 },
    ];
    expect(unsaved.filter(isUnsaved)).toEqual(unsaved);
    const calm: readonly (SaveState | undefined)[] = [
      undefined,
      { kind: "saved" },
      { kind: "offline", changes: 0 },
      { kind: "read-only", reason: "opening" },
    ];
    expect(calm.filter(isUnsaved)).toEqual([]);
  });
});

describe("saveWords", () => {
  it("never calls a file saved that is still opening or out of reach", () => {
    expect(saveWords({ kind: "read-only", reason: "opening" })).toMatchObject({ tone: "busy", text: "Opening…" });
    expect(saveWords({ kind: "read-only", reason: "unreachable" })).toMatchObject({ tone: "warn", text: "Offline" });
  });

  it("counts what waits to be synced, and says where it is", () => {
    expect(saveWords({ kind: "unsaved-on-device", changes: 14 }).text).toBe("Saved on this device, 14 changes to sync");
    expect(saveWords({ kind: "offline", changes: 1 }).text).toBe("Not saved, 1 change only in this page: keep it open");
    expect(saveWords({ kind: "offline", changes: 0 }).text).toBe("Offline");
  });
});
