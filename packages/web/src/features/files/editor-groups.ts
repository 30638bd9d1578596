/** Splits the editor into two groups, moves files between them, and joins them. Loaded when first used. */
import type { ProjectScope } from "../../app/project-scope.ts";
import { narrowWindow } from "../../app/narrow-window.ts";
import type { App } from "../../app/services.ts";
import { GROUP_ELEMENTS } from "./group-elements.ts";
import type { KeptTabs } from "./editor-state.ts";
import { activateGroup, closeFile, endSplit, inOtherGroup, openFile } from "./open-file.ts";
import { joinTabs, keptGroups, moveTab, otherSide, type Split, splitTabs } from "./tabs-store.ts";
import type { GroupSide } from "../editor/index.ts";

/** One group again, with all tabs of both; `forNow`: until the window is wide enough for two. */
export const joinGroups = (app: App, options: { readonly forNow?: boolean } = {}): void => {
  const { side, beside } = app.tabs.getState();
  if (!beside) return;
  joinTabs(app.tabs, options);
  endSplit(app, side);
  const { shown } = app.tabs.getState();
  if (shown !== undefined) openFile(app, shown, { focus: false });
};

/** Adds the second view; on a phone, and without a project, there is one group. */
const addView = (app: App): void => {
  const host = document.getElementById(GROUP_ELEMENTS[1].editor);
  if (!host) throw new Error(`index.html has no #${GROUP_ELEMENTS[1].editor}`);
  app.editor.split(host);
  const narrow = narrowWindow();
  const joinOnPhone = (): void => {
    if (narrow.matches) joinGroups(app, { forNow: true });
  };
  narrow.addEventListener("change", joinOnPhone);
  const stops = [
    () => narrow.removeEventListener("change", joinOnPhone),
    app.projects.subscribe(({ state }) => {
      if (state.kind !== "open") joinGroups(app);
    }),
    app.tabs.subscribe(({ beside }) => {
      if (!beside) for (const stop of stops) stop();
    }),
  ];
};

const canSplit = (app: App): boolean =>
  app.tabs.getState().beside === undefined && app.projects.getState().state.kind === "open" && !narrowWindow().matches;

/** Shows the shown file in a second group too, and goes there. */
export const splitEditor = async (app: App): Promise<void> => {
  await app.editor.ready;
  const { shown } = app.tabs.getState();
  if (shown === undefined || !canSplit(app)) return;
  splitTabs(app.tabs);
  addView(app);
  app.editor.activate(1);
  openFile(app, shown);
};

/** Shows two groups; the one on that side, whose file is shown already, is the active one. */
const showSplit = (app: App, { first, second }: Split, side: GroupSide): void => {
  const hasKeyboard = document.activeElement?.closest(".editor") !== null;
  const isOfSecond = side === 1;
  const groups = isOfSecond ? { ...second, side, beside: first } : { ...first, side, beside: second };
  app.tabs.setState({ ...groups, joined: undefined });
  addView(app);
  if (isOfSecond) {
    app.editor.activate(1);
    openFile(app, second.shown ?? "", { focus: false });
  }
  inOtherGroup(app, () => openFile(app, app.tabs.getState().shown ?? "", { focus: false }));
  if (isOfSecond && hasKeyboard) app.editor.focus();
};

/**
 * Restores the split of the last visit with the files that still exist. The group with the shown file is active, because the page's address
 * may name a file of the second group.
 */
export const restoreGroups = async (app: App, scope: ProjectScope, kept: KeptTabs): Promise<void> => {
  await app.editor.ready;
  const { open: here, shown: asked } = app.tabs.getState();
  if (scope.isLeft || asked === undefined || !canSplit(app)) return;
  const { entries } = app.files.getState();
  const present = (ids: readonly string[]): string[] => ids.filter((id) => entries.get(id)?.kind === "file");
  const open = present(kept.beside?.open ?? []);
  const shown = open.find((id) => id === kept.beside?.shown) ?? open[0];
  if (shown === undefined) return;
  const first = present(kept.open);
  const isOfSecond = first.length > 0 && open.includes(asked) && !first.includes(asked);
  const firstGroup = isOfSecond
    ? { open: here.filter((id) => id !== asked), shown: first.find((id) => id === kept.shown) ?? first[0] }
    : { open: here, shown: asked };
  const second = { open, shown: isOfSecond ? asked : shown };
  showSplit(app, { first: firstGroup, second }, isOfSecond ? 1 : 0);
};

/** The window is wide enough again for the split that it had. */
export const splitAgain = async (app: App): Promise<void> => {
  await app.editor.ready;
  const { first, second } = keptGroups(app.tabs.getState());
  if (!second || !canSplit(app)) return;
  showSplit(app, { first, second }, app.tabs.getState().shown === first.shown ? 0 : 1);
};

/** Moves a file of the active group into the other one, at a position among its tabs if given, and goes there. */
export const moveToOtherGroup = async (app: App, fileId: string, at?: number): Promise<void> => {
  if (!app.tabs.getState().beside) {
    await splitEditor(app);
    activateGroup(app, 0);
  } else {
    activateGroup(app, otherSide(app.tabs.getState().side));
    openFile(app, fileId, { focus: false });
    if (at !== undefined) moveTab(app.tabs, fileId, at);
    activateGroup(app, otherSide(app.tabs.getState().side));
  }
  const { side, beside } = app.tabs.getState();
  if (!beside?.open.includes(fileId)) return;
  closeFile(app, fileId);
  activateGroup(app, otherSide(side));
  app.editor.focus();
};
