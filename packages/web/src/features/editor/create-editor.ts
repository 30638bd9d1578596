/** The editor's light half: takes keys at once, loads Monaco behind, and passes every call on. */
import { type Signal, createSignal } from "../collaboration/signal.ts";
import { createEarlyEditor } from "./early-editor.ts";
import type { Pane } from "./pane.ts";
import type { PaneEvents } from "./pane-events.ts";
import {
  type EditorHandle,
  type EditorOptions,
  type OpenFile,
  type Participant,
  type RecoveredCopy,
  type SaveState,
  localFileId,
} from "./ports.ts";

const RETRY_LOAD_MS = [500, 2_000, 8_000];

/** Fills the host (which must be positioned and have a size) and lives until `dispose`. */
export function createEditor(host: HTMLElement, options: EditorOptions): EditorHandle {
  const saveState = remembered<[SaveState, string]>();
  const participants = remembered<readonly Participant[]>();
  const cursor = createSignal<{ line: number; column: number }>();
  const followEnded = createSignal<void>();
  const followedElsewhere = createSignal<string>();
  const recovered = createSignal<RecoveredCopy>();
  const firstEdit = createSignal<string>();
  /** Files in the order they were opened, and which promotions came after. */
  const files = new Map<string, OpenFile>();
  const promoted = new Map<string, { localPath: string; to: { projectId: string; fileId: string } }>();
  const edited = new Set<string>();
  let shownId: string | undefined;
  /** Where to go in a file that came without its text. */
  let wantedPlace: { id: string; line: number; column: number } | undefined;
  let theme = options.theme;
  let followed: string | null = null;
  let pane: Pane | undefined;
  let disposed = false;

  const announceFirstEdit = (path: string) => {
    if (edited.has(path)) return;
    edited.add(path);
    firstEdit.emit(path);
  };
  const early = createEarlyEditor(host, (id) => {
    const file = files.get(id);
    if (file?.kind === "local") announceFirstEdit(file.path);
    saveState.emit([{ kind: "saving" }, id]);
  });
  // Read by the benchmarks and by operators who measure real visits (W1).
  performance.mark("atelier:keys-taken");
  const events: PaneEvents = {
    saveState: (state, fileId) => saveState.emit([state, fileId]),
    participants: participants.emit,
    cursor: cursor.emit,
    followEnded: () => {
      followed = null;
      followEnded.emit();
    },
    followedElsewhere: followedElsewhere.emit,
    firstEdit: announceFirstEdit,
    recovered: recovered.emit,
  };
  const showEarly = (id: string, file: OpenFile) => {
    const text = file.kind === "local" ? file.text : (file.initialText ?? "");
    const isOpening = file.kind === "live" && file.initialText === undefined;
    const readOnly = isOpening || (file.kind === "live" && file.readOnly);
    early.show(id, text, { label: file.path, readOnly, isOpening });
    saveState.emit([readOnly ? { kind: "read-only", reason: isOpening ? "opening" : "role" } : { kind: "saved" }, id]);
  };
  /** Gives Monaco every file the early surface has touched, the shown one last. */
  const takePlace = (made: Pane) => {
    const order = [...files].toSorted(([a], [b]) => Number(a === shownId) - Number(b === shownId));
    for (const [id, file] of order) {
      const step = promoted.get(id);
      const carried = early.carry(id);
      if (id !== shownId && !carried && !step) continue;
      made.open(file, carried);
      if (step) made.promote(step.localPath, step.to);
    }
    promoted.clear();
    if (wantedPlace && wantedPlace.id === shownId) made.reveal(wantedPlace.line, wantedPlace.column);
    made.setTheme(theme);
    if (followed !== null) made.follow(followed);
    early.dispose();
  };

  /** Until a file is shown what is typed belongs to none, and Monaco would take no keys at all. */
  let someFileShown: () => void;
  const fileShown = new Promise<void>((resolve) => (someFileShown = resolve));
  const ready = loadPane().then(async (createPane) => {
    await fileShown;
    await early.composed();
    if (disposed || !createPane) return;
    const made = createPane(host, { ...options, theme }, events);
    takePlace(made);
    pane = made;
    performance.mark("atelier:monaco-ready");
  });

  async function loadPane() {
    for (const retryMs of [...RETRY_LOAD_MS, undefined]) {
      try {
        return (await import("./pane.ts")).createPane;
      } catch (error) {
        options.log("editor.load-failed", { error: String(error) });
        if (retryMs === undefined) throw error;
        await new Promise((resolve) => setTimeout(resolve, retryMs));
      }
    }
    return undefined;
  }

  return {
    ready,
    open: (file) => {
      const id = file.kind === "local" ? localFileId(file.path) : file.fileId;
      const known = files.get(id);
      if (!known) files.set(id, file);
      else if (known.path !== file.path) files.set(id, { ...known, path: file.path });
      shownId = id;
      if (pane) pane.open(file);
      else showEarly(id, files.get(id) ?? file);
      someFileShown();
    },
    close: (fileId) => {
      files.delete(fileId);
      if (shownId === fileId) shownId = undefined;
      pane?.close(fileId);
    },
    focus: () => (pane ?? early).focus(),
    reveal: (line, column = 1) => {
      if (pane) return pane.reveal(line, column);
      const file = files.get(shownId ?? "");
      const isEmpty = file?.kind === "live" && file.initialText === undefined;
      if (isEmpty && shownId !== undefined) wantedPlace = { id: shownId, line, column };
      else early.reveal(line, column);
    },
    setTheme: (next) => {
      theme = next;
      pane?.setTheme(next);
    },
    onSaveState: (listener) => saveState.on(([state, fileId]) => listener(state, fileId)),
    onParticipants: participants.on,
    follow: (participantId) => {
      followed = participantId;
      pane?.follow(participantId);
    },
    onFollowEnded: followEnded.on,
    onFollowedElsewhere: followedElsewhere.on,
    getText: (fileId) => pane?.getText(fileId) ?? early.textOf(fileId ?? shownId ?? "") ?? "",
    promote: (localPath, to) => {
      const localId = localFileId(localPath);
      const file = files.get(localId);
      if (!file) return;
      files.delete(localId);
      if (pane) {
        files.set(to.fileId, { kind: "live", path: localPath, readOnly: false, ...to });
        pane.promote(localPath, to);
        return;
      }
      files.set(to.fileId, file);
      promoted.set(to.fileId, { localPath, to });
      early.rename(localId, to.fileId);
      if (shownId === localId) shownId = to.fileId;
    },
    onFirstEdit: firstEdit.on,
    onCursor: cursor.on,
    onRecovered: recovered.on,
    discardRecovered: (copy) => pane?.discardRecovered(copy),
    find: () => pane?.find(),
    whenSaved: async (timeoutMs) => {
      const end = performance.now() + timeoutMs;
      if (!pane) await Promise.race([ready, new Promise((resolve) => setTimeout(resolve, timeoutMs))]);
      return pane?.whenSaved(end - performance.now()) ?? false;
    },
    dispose: () => {
      disposed = true;
      early.dispose();
      pane?.dispose();
    },
  };
}

/** A signal whose newest value is told to each new listener at once. */
function remembered<T>(): Signal<T> {
  const signal = createSignal<T>();
  let newest: { value: T } | undefined;
  return {
    on: (listener) => {
      if (newest) listener(newest.value);
      return signal.on(listener);
    },
    emit: (value) => {
      newest = { value };
      signal.emit(value);
    },
  };
}
