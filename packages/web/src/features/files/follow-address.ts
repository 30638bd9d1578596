/** Keeps the page's address in step with the shown file, and lets the browser's Back and Forward go from file to file. */
import { fileQuery, parseAddress } from "../../app/address.ts";
import type { App } from "../../app/services.ts";
import { openProjectOf } from "../projects/project-store.ts";
import { entryAt } from "./entries.ts";
import { addressOf, openFile } from "./open-file.ts";

/** Stored with each entry of the browser's history, so that a renamed file is found. */
type HistoryState = { readonly fileId?: string } | null;

/** The file named by the address, if it belongs to this project. */
const pathInAddress = (app: App, slug: string): { isHere: boolean; path?: string } => {
  const address = parseAddress(new URL(location.href), app.boot.basePath);
  if (address.kind !== "project" || address.slug !== slug) return { isHere: false };
  return address.file ? { isHere: true, path: address.file.path } : { isHere: true };
};

/** Going from group to group (`isChosen` is false) makes no history entries, and following another user makes none. */
const writeAddress = (app: App, isChosen = true): void => {
  const project = openProjectOf(app.projects);
  const fileId = app.tabs.getState().shown;
  const path = app.files.getState().entries.get(fileId ?? "")?.path;
  if (!project || fileId === undefined || path === undefined) return;
  const state = history.state as HistoryState;
  const asked = pathInAddress(app, project.slug);
  // The address may name a line too: it stays until another file is shown.
  const url = asked.path === path ? location.href : `${addressOf(app, project.slug)}${fileQuery(path)}`;
  const isStep =
    isChosen &&
    state?.fileId !== undefined &&
    state.fileId !== fileId &&
    app.presence.getState().following === undefined;
  if (isStep) history.pushState({ fileId } satisfies HistoryState, "", url);
  else if (state?.fileId !== fileId || url !== location.href)
    history.replaceState({ fileId } satisfies HistoryState, "", url);
};

/** The next file replaces the current history entry, because the user did not choose the shown one. */
export const forgetStep = (): void => history.replaceState(null, "");

/** Shows the file named by the address after Back or Forward. */
const goToAddress = (app: App, state: HistoryState): void => {
  const project = openProjectOf(app.projects);
  if (!project) return;
  const { isHere, path } = pathInAddress(app, project.slug);
  if (!isHere) {
    location.reload();
    return;
  }
  const { entries } = app.files.getState();
  const entry = entries.get(state?.fileId ?? "") ?? (path === undefined ? undefined : entryAt(entries, path));
  if (entry?.kind !== "file") {
    // The file was deleted since: the entry gets the shown file.
    forgetStep();
    writeAddress(app);
    return;
  }
  if (entry.id !== app.tabs.getState().shown) openFile(app, entry.id, { focus: false });
  // The file may have been renamed.
  writeAddress(app);
};

/** Returns a function that stops it. */
export const followAddress = (app: App): (() => void) => {
  const onPopState = (event: PopStateEvent): void => goToAddress(app, event.state as HistoryState);
  addEventListener("popstate", onPopState);
  const stopTabs = app.tabs.subscribe((now, before) => {
    if (now.shown !== before.shown) writeAddress(app, now.side === before.side);
  });
  const stopFiles = app.files.subscribe(({ entries }, { entries: before }) => {
    const shown = app.tabs.getState().shown ?? "";
    if (entries.get(shown)?.path !== before.get(shown)?.path) writeAddress(app);
  });
  writeAddress(app);
  return () => {
    removeEventListener("popstate", onPopState);
    stopTabs();
    stopFiles();
  };
};
