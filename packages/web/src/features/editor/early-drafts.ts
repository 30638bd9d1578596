/** Text that was typed into the early surface, stored in this browser until Monaco has taken it over, so that a reload loses none. */
import type { SaveState } from "../collaboration/save-state.ts";
import type { Draft } from "../collaboration/unsaved-store.ts";
import { carryOver } from "./minimal-change.ts";

const PREFIX = "atelier.early.";

/** Reads the stored draft of a file of the editor (by its id there) without removing it. */
export function readEarlyDraft(id: string): Draft | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(PREFIX + id) ?? "null") as Partial<Draft> | null;
    return typeof kept?.base === "string" && typeof kept.text === "string"
      ? { base: kept.base, text: kept.text }
      : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Stores a draft, or removes it. Synchronously in web storage, not in IndexedDB, because the page may be closed right afterwards.
 * @returns false when the browser refuses
 */
export function keepEarlyDraft(id: string, draft: Draft | undefined): boolean {
  try {
    if (draft) localStorage.setItem(PREFIX + id, JSON.stringify(draft));
    else localStorage.removeItem(PREFIX + id);
    return true;
  } catch {
    return false;
  }
}

const KEEP_AFTER_MS = 250;

export interface EarlyDrafts {
  /** The first text of a file: includes edits that an earlier page could not hand over. */
  begin(id: string, text: string, options: { isLocal: boolean }): string;
  edited(id: string): void;
  rename(from: string, to: string): void;
  /** Stops storing the file, because Monaco has taken it over. */
  forget(id: string): void;
  /** The save state of a file; `isLate` when it is unknown when the edits will be sent. */
  stateOf(id: string, isLate: boolean): SaveState;
  /** The files with edits. */
  ids(): string[];
}

/** `onKept` is called for each draft that was written (or refused). */
export function createEarlyDrafts(
  textOf: (this: void, id: string) => string | undefined,
  onKept: (id: string) => void,
): EarlyDrafts {
  const bases = new Map<string, string>();
  const edits = new Map<string, { count: number; isKept: boolean }>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const keep = () => {
    clearTimeout(timer);
    timer = undefined;
    for (const [id, edit] of edits) {
      const base = bases.get(id) ?? "";
      edit.isKept = keepEarlyDraft(id, { base, text: textOf(id) ?? base });
      onKept(id);
    }
  };
  addEventListener("pagehide", keep);
  document.addEventListener("visibilitychange", keep);
  const edited = (id: string) => {
    edits.set(id, { count: (edits.get(id)?.count ?? 0) + 1, isKept: true });
    timer ??= setTimeout(keep, KEEP_AFTER_MS);
  };
  return {
    begin: (id, text, { isLocal }) => {
      if (bases.has(id)) return text;
      bases.set(id, text);
      const left = readEarlyDraft(id);
      // A sample of another language or release is another text.
      if (!left || (isLocal && left.base !== text)) return text;
      edited(id);
      return carryOver(left, text);
    },
    edited,
    rename: (from, to) => {
      const [base, edit] = [bases.get(from), edits.get(from)];
      if (base !== undefined) bases.set(to, base);
      if (edit) edits.set(to, edit);
      edits.delete(from);
      keepEarlyDraft(from, undefined);
      keep();
    },
    forget: (id) => {
      edits.delete(id);
      keepEarlyDraft(id, undefined);
    },
    stateOf: (id, isLate) => {
      const edit = edits.get(id);
      if (!edit) return { kind: "saved" };
      if (!isLate) return { kind: "saving" };
      return { kind: edit.isKept ? "unsaved-on-device" : "offline", changes: edit.count };
    },
    ids: () => [...edits.keys()],
  };
}
