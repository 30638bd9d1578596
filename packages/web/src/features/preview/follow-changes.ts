/** Tells when a file of the project has changed: saved here, or a new version by somebody else. */
import type { App } from "../../app/services.ts";

const QUIET_MS = 300;

/** `styles`: only style sheets have changed. */
export type Change = "styles" | "any";

/** @returns what ends it */
export const followChanges = (app: App, tell: (change: Change) => void): (() => void) => {
  const changed = new Set<string>();
  /** Saved here and reported; their next version is the same text. */
  const reported = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const report = (): void => {
    timer = undefined;
    const isStyles = [...changed].every((path) => path.toLowerCase().endsWith(".css"));
    changed.clear();
    tell(isStyles ? "styles" : "any");
  };
  const note = (path: string): void => {
    changed.add(path);
    clearTimeout(timer);
    timer = setTimeout(report, QUIET_MS);
  };
  const endTabs = app.tabs.subscribe(({ saves }, before) => {
    if (saves === before.saves) return;
    for (const [id, save] of saves) {
      const was = before.saves.get(id)?.kind;
      const isSaved = save.kind === "saved" && was !== undefined && was !== "saved" && was !== "read-only";
      const path = app.files.getState().entries.get(id)?.path;
      if (!isSaved || path === undefined) continue;
      reported.add(id);
      note(path);
    }
  });
  const endFiles = app.files.subscribe(({ entries }, before) => {
    if (entries === before.entries) return;
    for (const [id, entry] of entries) {
      const old = before.entries.get(id);
      if (entry.kind !== "file" || (old?.version === entry.version && old.path === entry.path)) continue;
      if (old?.path === entry.path && reported.delete(id)) continue;
      note(entry.path);
    }
    for (const [id, old] of before.entries) if (old.kind === "file" && !entries.has(id)) note(old.path);
  });
  return () => {
    endTabs();
    endFiles();
    clearTimeout(timer);
  };
};
