/** What was typed into the early surface, kept in this browser until Monaco has taken it over: a reload loses none of it. */
import type { SaveState } from "../collaboration/save-state.ts";
import type { Draft } from "../collaboration/unsaved-store.ts";
import { carryOver } from "./minimal-change.ts";

const PREFIX = "atelier.early.";

/** The draft kept for a file of the editor (by its id there), left where it is. */
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
 * Keeps a draft, or forgets it. Not in the browser's database: this has to be done even if the page is gone a moment later.
 * @returns false where the browser refuses
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
  /** The text to begin with, for a file of this text: what an earlier page could not hand over is in it. */
  begin(id: string, text: string, options: { isLocal: boolean }): string;
  edited(id: string): void;
  rename(from: string, to: string): void;
  /** Somebody else takes care of the file from now on. */
  forget(id: string): void;
  /** Where the edits of a file are; `isLate` once nobody knows when they will go to the server. */
  stateOf(id: string, isLate: boolean): SaveState;
  /** The files with edits. */
  ids(): string[];
}

/** `onKept` hears of each draft that was written (or refused). */
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
