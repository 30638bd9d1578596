/** Stores the tabs and the layout of a project per user on the server. */
import { routes } from "@atelier/contracts";
import { isSameLayout, type KeptLayout, keptOf, layoutFrom } from "../../app/layout-store.ts";
import type { App } from "../../app/services.ts";
import { logFault } from "../../app/page-log.ts";
import { choiceFrom, keptChoice, type KeptChoice } from "../execution/run-choice-store.ts";
import { keptGroups, type TabGroup } from "./tabs-store.ts";

const QUIET_MS = 800;

export type KeptTabs = TabGroup & {
  /** The second group, if the editor was split. */
  readonly beside: TabGroup | undefined;
  /** Undefined: the layout was never changed here. */
  readonly layout: KeptLayout | undefined;
  readonly run: KeptChoice;
};

const stringsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];

const groupFrom = (kept: object): TabGroup => {
  const { open, shown } = kept as Partial<Record<keyof TabGroup, unknown>>;
  return { open: stringsOf(open), shown: typeof shown === "string" ? shown : undefined };
};

/** As it is stored: JSON has no `undefined`. */
const asStored = ({ open, shown }: TabGroup) => ({ open: [...open], ...(shown === undefined ? {} : { shown }) });

/** The stored tabs; none when there are none or they can't be loaded, because tabs are a convenience. */
export const loadEditorState = async (app: App, projectId: string): Promise<KeptTabs> => {
  try {
    const kept = await app.call(routes.editorState, { params: { projectId } });
    const beside = kept["beside"];
    const layout = kept["layout"] === undefined ? undefined : layoutFrom(kept["layout"]);
    const isSplit = typeof beside === "object" && beside !== null;
    return {
      ...groupFrom(kept),
      beside: isSplit ? groupFrom(beside) : undefined,
      layout,
      run: choiceFrom(kept["run"]),
    };
  } catch (error) {
    logFault("editor-state-not-read", error);
    return { open: [], shown: undefined, beside: undefined, layout: undefined, run: choiceFrom(undefined) };
  }
};

/**
 * Stores the tabs after changes, when they have not changed for a moment or when the page is left; returns a function that stops it.
 *
 * @param isChanged whether they have changed already
 * @param hasLayout whether a layout is kept for this project already
 */
export const keepEditorState = (
  app: App,
  projectId: string,
  { isChanged, hasLayout }: { readonly isChanged: boolean; readonly hasLayout: boolean },
): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isLayoutKept = hasLayout;
  const save = (): void => {
    timer = undefined;
    const { first, second } = keptGroups(app.tabs.getState());
    const body = {
      ...asStored(first),
      ...(second ? { beside: asStored(second) } : {}),
      ...(isLayoutKept ? { layout: keptOf(app.layout.getState()) } : {}),
      ...keptChoice(app.runChoice.getState()),
    };
    app.call(routes.putEditorState, { params: { projectId }, body, keepalive: true }).catch((error: unknown) => {
      logFault("editor-state-not-kept", error);
    });
  };
  const saveSoon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(save, QUIET_MS);
  };
  const leave = (): void => {
    if (timer === undefined) return;
    clearTimeout(timer);
    save();
  };
  if (isChanged) saveSoon();
  addEventListener("pagehide", leave);
  const unsubscribe = app.tabs.subscribe((now, before) => {
    if (now.open !== before.open || now.shown !== before.shown || now.beside !== before.beside) saveSoon();
  });
  const unsubscribeLayout = app.layout.subscribe((now, before) => {
    if (isSameLayout(now, before)) return;
    isLayoutKept = true;
    saveSoon();
  });
  const unsubscribeChoice = app.runChoice.subscribe((now, before) => {
    if (now.chosen !== before.chosen || now.options !== before.options) saveSoon();
  });
  return () => {
    clearTimeout(timer);
    unsubscribeLayout();
    unsubscribeChoice();
    removeEventListener("pagehide", leave);
    unsubscribe();
  };
};
