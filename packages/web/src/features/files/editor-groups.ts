/** Splits the editor into two groups, moves files between them, and makes one group of them again. Loaded when first used. */
import type { ProjectScope } from "../../app/project-scope.ts";
import type { App } from "../../app/services.ts";
import { GROUP_ELEMENTS } from "./group-elements.ts";
import type { KeptTabs } from "./editor-state.ts";
import { activateGroup, closeFile, endSplit, inOtherGroup, openFile } from "./open-file.ts";
import { joinTabs, moveTab, otherSide, splitTabs } from "./tabs-store.ts";

const phone = (): MediaQueryList => matchMedia("(max-width: 759px)");

/** One group again, with all tabs of both. */
export const joinGroups = (app: App): void => {
  const { side, beside } = app.tabs.getState();
  if (!beside) return;
  joinTabs(app.tabs);
  endSplit(app, side);
  const { shown } = app.tabs.getState();
  if (shown !== undefined) openFile(app, shown, { focus: false });
};

/** Adds the second view; on a phone, and without a project, there is one group. */
const addView = (app: App): void => {
  const host = document.getElementById(GROUP_ELEMENTS[1].editor);
  if (!host) throw new Error(`index.html has no #${GROUP_ELEMENTS[1].editor}`);
  app.editor.split(host);
  const narrow = phone();
  const joinOnPhone = (): void => {
    if (narrow.matches) joinGroups(app);
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
  app.tabs.getState().beside === undefined && app.projects.getState().state.kind === "open" && !phone().matches;

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

/**
 * Splits the editor as it was the last time, as far as its files are still there. The group with the shown file is the active one: the
 * page's address may name a file of the second group.
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
  const hasKeyboard = document.activeElement?.closest(".editor") !== null;
  const firstGroup = isOfSecond
    ? { open: here.filter((id) => id !== asked), shown: first.find((id) => id === kept.shown) ?? first[0] }
    : { open: here, shown: asked };
  const second = { open, shown: isOfSecond ? asked : shown };
  app.tabs.setState(isOfSecond ? { ...second, side: 1, beside: firstGroup } : { beside: second });
  addView(app);
  if (isOfSecond) {
    app.editor.activate(1);
    openFile(app, asked, { focus: false });
  }
  inOtherGroup(app, () => openFile(app, app.tabs.getState().shown ?? "", { focus: false }));
  if (isOfSecond && hasKeyboard) app.editor.focus();
};

/** Moves a file of the active group into the other one, at a place among its tabs if given, and goes there. */
export const moveToOtherGroup = async (app: App, fileId: string, place?: number): Promise<void> => {
  if (!app.tabs.getState().beside) {
    await splitEditor(app);
    activateGroup(app, 0);
  } else {
    activateGroup(app, otherSide(app.tabs.getState().side));
    openFile(app, fileId, { focus: false });
    if (place !== undefined) moveTab(app.tabs, fileId, place);
    activateGroup(app, otherSide(app.tabs.getState().side));
  }
  const { side, beside } = app.tabs.getState();
  if (!beside?.open.includes(fileId)) return;
  closeFile(app, fileId);
  activateGroup(app, otherSide(side));
  app.editor.focus();
};
