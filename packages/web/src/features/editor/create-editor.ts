/** The small part of the editor: accepts keys at once, loads Monaco in the background, and forwards all calls. */
import { type Signal, createSignal } from "../collaboration/signal.ts";
import { createEarlyDrafts } from "./early-drafts.ts";
import { createEarlyEditor } from "./early-editor.ts";
import { loadAgain } from "./load-again.ts";
import type { Pane } from "./pane.ts";
import type { PaneEvents } from "./pane-events.ts";
import {
  type EditorHandle,
  type EditorOptions,
  type EditorStatus,
  type OpenFile,
  type Participant,
  type Problem,
  type RecoveredCopy,
  type SaveState,
  localFileId,
} from "./ports.ts";

const LATE_AFTER_TRIES = 4;
const LATE = "The rest of the editor has not loaded. The page keeps trying; you can type meanwhile.";

/** Fills the host, which must be positioned and have a size. */
export function createEditor(host: HTMLElement, options: EditorOptions): EditorHandle {
  const saveState = remembered<[SaveState, string]>();
  const participants = remembered<readonly Participant[]>();
  const status = remembered<EditorStatus | undefined>();
  const followEnded = createSignal<void>();
  const followedElsewhere = createSignal<string>();
  const recovered = createSignal<RecoveredCopy>();
  const problems = remembered<readonly Problem[]>();
  const firstEdit = createSignal<string>();
  /** Files in the order they were opened, and which promotions came after. */
  const files = new Map<string, OpenFile>();
  const promoted = new Map<string, { localPath: string; to: { projectId: string; fileId: string } }>();
  const edited = new Set<string>();
  let shownId: string | undefined;
  /** Where to go in a file that came without its text. */
  let pendingPosition: { id: string; line: number; column: number } | undefined;
  let { theme, preferences } = options;
  let followed: string | null = null;
  let pane: Pane | undefined;
  let disposed = false;
  /** The large part failed to load and is being retried. */
  let isLate = false;
  const tell = (state: SaveState, id: string) => saveState.emit([state, id]);
  const announceFirstEdit = (path: string) => {
    if (edited.has(path)) return;
    edited.add(path);
    firstEdit.emit(path);
  };
  const early = createEarlyEditor(host, (id) => {
    const file = files.get(id);
    if (file?.kind === "local") announceFirstEdit(file.path);
    drafts.edited(id);
    if (!isLate) tellEarly(id);
  });
  early.setIndentation(preferences);
  const drafts = createEarlyDrafts(
    (id) => early.textOf(id),
    (id) => tellEarly(id),
  );
  const tellEarly = (id: string) => {
    const file = files.get(id);
    const isOpening = file?.kind === "live" && file.initialText === undefined;
    if (isOpening) tell({ kind: "read-only", reason: "opening" }, id);
    else if (file?.kind === "live" && file.readOnly) tell({ kind: "read-only", reason: "role" }, id);
    else tell(drafts.stateOf(id, isLate), id);
  };
  // Read by the benchmarks and by operators who measure real visits (W1).
  performance.mark("atelier:keys-taken");
  const events: PaneEvents = {
    saveState: tell,
    participants: participants.emit,
    status: status.emit,
    followEnded: () => {
      followed = null;
      followEnded.emit();
    },
    followedElsewhere: followedElsewhere.emit,
    firstEdit: announceFirstEdit,
    problems: problems.emit,
    recovered: recovered.emit,
  };
  const showEarly = (id: string, file: OpenFile) => {
    const given = (file.kind === "local" ? file.text : (file.initialText ?? "")).replaceAll(/\r\n?/g, "\n");
    const isOpening = file.kind === "live" && file.initialText === undefined;
    const readOnly = isOpening || (file.kind === "live" && file.readOnly);
    const text = readOnly ? given : drafts.begin(id, given, { isLocal: file.kind === "local" });
    early.show(id, text, { label: file.path, readOnly, isOpening });
    if (text !== given && file.kind === "local") announceFirstEdit(file.path);
    tellEarly(id);
  };
  /** Hands all files of the early surface over to Monaco, the shown one last. */
  const takePlace = (made: Pane) => {
    const order = [...files].toSorted(([a], [b]) => Number(a === shownId) - Number(b === shownId));
    for (const [id, file] of order) {
      const step = promoted.get(id);
      const carried = early.carry(id);
      if (id !== shownId && !carried && !step) continue;
      if (carried) drafts.forget(id);
      made.open(file, carried);
      if (step) made.promote(step.localPath, step.to);
    }
    promoted.clear();
    if (pendingPosition && pendingPosition.id === shownId) made.reveal(pendingPosition.line, pendingPosition.column);
    made.setTheme(theme);
    if (followed !== null) made.follow(followed);
    early.dispose();
  };

  /** Until a file is shown, typed text belongs to no file, and Monaco would accept no keys. */
  let someFileShown: () => void;
  const fileShown = new Promise<void>((resolve) => (someFileShown = resolve));
  const ready = loadAgain(
    () => import("./pane.ts"),
    (error, tries) => {
      options.log("editor.load-failed", { error: String(error) });
      if (tries === LATE_AFTER_TRIES) {
        isLate = true;
        early.say(LATE);
        for (const id of drafts.ids()) tellEarly(id);
      }
    },
  ).then(async ({ createPane }) => {
    await fileShown;
    await early.composed();
    if (disposed) return;
    const made = createPane(host, { ...options, theme, preferences }, events);
    takePlace(made);
    pane = made;
    performance.mark("atelier:monaco-ready");
  });

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
    split: (secondHost) => pane?.split(secondHost),
    unsplit: (kept) => pane?.unsplit(kept),
    activate: (side) => pane?.activate(side),
    focus: () => (pane ?? early).focus(),
    reveal: (line, column = 1) => {
      if (pane) return pane.reveal(line, column);
      const file = files.get(shownId ?? "");
      const isEmpty = file?.kind === "live" && file.initialText === undefined;
      if (isEmpty && shownId !== undefined) pendingPosition = { id: shownId, line, column };
      else early.reveal(line, column);
    },
    setTheme: (next) => {
      theme = next;
      pane?.setTheme(next);
    },
    setPreferences: (next) => {
      preferences = next;
      early.setIndentation(next);
      pane?.setPreferences(next);
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
      drafts.rename(localId, to.fileId);
      if (shownId === localId) shownId = to.fileId;
    },
    onFirstEdit: firstEdit.on,
    onStatus: status.on,
    setIndentation: (indentation) => pane?.setIndentation(indentation),
    onProblems: problems.on,
    onRecovered: recovered.on,
    discardRecovered: (copy) => pane?.discardRecovered(copy),
    act: (action) => (pane ?? early).act(action),
    actions: () => pane?.actions() ?? [],
    runAction: (id) => pane?.runAction(id),
    compare: (container, older) => pane?.compare(container, older),
    find: () => pane?.find(),
    whenSaved: async (timeoutMs) => {
      const end = performance.now() + timeoutMs;
      const isCalm = () => isLate && drafts.ids().length === 0;
      if (!pane && !isCalm()) await Promise.race([ready, new Promise((resolve) => setTimeout(resolve, timeoutMs))]);
      return pane ? pane.whenSaved(end - performance.now()) : isCalm();
    },
    dispose: () => {
      disposed = true;
      early.dispose();
      pane?.dispose();
    },
  };
}

/** A signal that emits its newest value to each new listener at once. */
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
