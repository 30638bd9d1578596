/** Updates tabs and editor when another user renames or deletes an open file. */
import type { App } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { openProjectOf } from "../projects/project-store.ts";
import { nameOf } from "./entries.ts";
import { closeEverywhere, inOtherGroup, openFile } from "./open-file.ts";
import { allOpen } from "./tabs-store.ts";

/** Removes the focus, so that further keys do not go into the file that replaces the deleted one. */
const takeKeysAway = (): void => {
  if (document.activeElement?.closest(".editor")) document.getElementById("region-code")?.focus();
};

/** Returns what stops it. */
export const followEntries = (app: App): (() => void) =>
  app.files.subscribe(({ entries }, { entries: before }) => {
    if (entries === before || !openProjectOf(app.projects)) return;
    for (const fileId of allOpen(app.tabs.getState())) {
      const old = before.get(fileId);
      if (!old || entries.has(fileId)) continue;
      if (fileId === app.tabs.getState().shown) takeKeysAway();
      closeEverywhere(app, fileId);
      showToast({ text: `${nameOf(old.path)} was deleted.` });
    }
    const showRenamed = (): void => {
      const now = entries.get(app.tabs.getState().shown ?? "");
      if (now && before.get(now.id)?.path !== now.path) openFile(app, now.id, { focus: false });
    };
    const other = app.tabs.getState().beside?.shown ?? "";
    if (entries.get(other)?.path !== before.get(other)?.path) inOtherGroup(app, showRenamed);
    showRenamed();
  });
