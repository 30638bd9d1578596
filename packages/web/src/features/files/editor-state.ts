/** Remembers the reader's tabs in a project, per user, on the server. */
import { routes } from "@atelier/contracts";
import type { App } from "../../app/services.ts";
import { logFault } from "../../app/page-log.ts";

const QUIET_MS = 800;

export type KeptTabs = { readonly open: readonly string[]; readonly shown: string | undefined };

const stringsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];

/** The stored tabs; none when there are none or they can't be loaded, because tabs are a convenience. */
export const loadEditorState = async (app: App, projectId: string): Promise<KeptTabs> => {
  try {
    const kept = await app.call(routes.editorState, { params: { projectId } });
    const { shown } = kept;
    return { open: stringsOf(kept["open"]), shown: typeof shown === "string" ? shown : undefined };
  } catch (error) {
    logFault("editor-state-not-read", error);
    return { open: [], shown: undefined };
  }
};

/**
 * Stores the tabs after changes, when they have not changed for a moment or when the page is left; returns a function that stops it.
 *
 * @param isChanged whether they have changed already
 */
export const keepEditorState = (app: App, projectId: string, isChanged: boolean): (() => void) => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const save = (): void => {
    timer = undefined;
    const { open, shown } = app.tabs.getState();
    const body = shown === undefined ? { open: [...open] } : { open: [...open], shown };
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
    if (now.open !== before.open || now.shown !== before.shown) saveSoon();
  });
  return () => {
    clearTimeout(timer);
    removeEventListener("pagehide", leave);
    unsubscribe();
  };
};
