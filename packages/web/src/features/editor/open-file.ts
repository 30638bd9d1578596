/** One file in a pane: its model, and, once its document is synced, the binding to it. */
import type { DocumentLease } from "../collaboration/document-registry.ts";
import type { LiveEnvironment } from "../../app/environment.ts";
import type { LiveDocument } from "../collaboration/live-document.ts";
import type { Replica } from "../collaboration/replica.ts";
import type { ReadOnlyReason, SaveState } from "../collaboration/save-state.ts";
import { type Signal, createSignal } from "../collaboration/signal.ts";
import type { Draft, UnsavedStore } from "../collaboration/unsaved-store.ts";
import { type DraftRecorder, mergeOnto, recordDraft } from "./draft.ts";
import { keepEarlyDraft, readEarlyDraft } from "./early-drafts.ts";
import type { OffsetMapping } from "./delayed-changes.ts";
import { type MonacoBinding, applyToText, bindModel } from "./monaco-binding.ts";
import { EndOfLinePreference, type EditorModel, type StandaloneEditor } from "./monaco/types.ts";
import { type PerUserUndo, createPerUserUndo } from "./per-user-undo.ts";
import type { EditorLog } from "./ports.ts";
import type { TextChange } from "./text-changes.ts";

export interface OpenedFile {
  readonly model: EditorModel;
  /** Follows a rename. */
  path: string;
  readonly live: LiveDocument | undefined;
  /** True when the shown text is the shared document. */
  readonly attached: boolean;
  readonly readOnly: boolean;
  readonly saveState: SaveState;
  /** Whether there are unconfirmed edits; true at once, while the displayed `saveState` changes with a delay. */
  readonly unsaved: boolean;
  /** Undefined until it is attached. */
  readonly mapping: OffsetMapping | undefined;
  /** Emitted when a displayed property of this file may have changed. */
  readonly onChange: Signal<void>;
  readonly onFirstEdit: Signal<void>;
  /** An undo or redo changed the text there (offsets after it). */
  readonly onUndone: Signal<readonly number[]>;
  /** The reader moved the cursor by hand. */
  moved(): void;
  /** Stores the draft on the device at once, if the file has no document yet. */
  keepDraft(): void;
  /** Attaches the file's document: text that was typed before becomes the user's edits of it. */
  connect(lease: DocumentLease, how: { promoted: boolean }): void;
  dispose(): void;
}

export interface OpenFileOptions {
  model: EditorModel;
  path: string;
  /** The name its draft is kept under until it is attached. */
  draftName: string;
  /** False while there is no text to type into yet. */
  hasText: boolean;
  readOnly: boolean;
  /** The editors that show it now. */
  editors: () => readonly StandaloneEditor[];
  store: UnsavedStore;
  onLeave: LiveEnvironment["onLeave"];
  /** The id under which the early surface of a page that never got further kept what was typed. */
  earlyId: string;
  log: EditorLog;
}

export function createOpenFile(options: OpenFileOptions): OpenedFile {
  const { model, store, log } = options;
  const onChange = createSignal<void>();
  const onFirstEdit = createSignal<void>();
  const onUndone = createSignal<readonly number[]>();
  let draftName = options.draftName;
  let lease: DocumentLease | undefined;
  let subscriptions: (() => void)[] = [];
  let binding: MonacoBinding | undefined;
  let undo: PerUserUndo | undefined;
  let disposed = false;
  let { hasText } = options;
  const record = () =>
    recordDraft({
      model,
      base: model.getValue(EndOfLinePreference.LF),
      onFirstEdit: () => onFirstEdit.emit(),
      onKeep: (kept) => {
        store.putDraft(draftName, kept);
        onChange.emit();
      },
    });
  let draft: DraftRecorder | undefined = record();
  const stopListening = options.onLeave(() => draft?.keep());
  const stopHearing = store.onAvailable.on(() => onChange.emit());
  const isLocal = options.draftName.startsWith("local:");
  const early = readEarlyDraft(options.earlyId);
  const stored = store.loadDraft(draftName);
  if (isLocal) void stored.then((kept) => restoreLocalDraft(kept ?? early));
  /** Unsaved drafts of earlier visits; they are merged into the document, or become copies, once. */
  let earlier: Promise<Draft[]> = stored.then((kept) =>
    isLocal ? [] : [kept, early].filter((each) => each !== undefined),
  );

  function restoreLocalDraft(kept: Draft | undefined) {
    if (!kept || !draft || draft.dirty || kept.base !== model.getValue(EndOfLinePreference.LF)) return;
    log("editor.draft-restored", {});
    const whole = model.getFullModelRange();
    model.pushEditOperations(null, [{ range: whole, text: kept.text }], () => null);
  }
  const detach = () => {
    binding?.dispose();
    undo?.dispose();
    binding = undefined;
    undo = undefined;
  };
  /** The document is read-only: typed text that is not in the document becomes copies. */
  const keepAside = (shared: string | undefined, left: readonly Draft[]) => {
    const typed = draft?.dirty ? model.getValue(EndOfLinePreference.LF) : undefined;
    for (const text of [...left.map(({ text: kept }) => kept), typed]) {
      if (text !== undefined && text !== shared) void lease?.document.keepCopy(text);
    }
  };
  const forgetDrafts = async () => {
    const names = new Set([options.draftName, draftName]);
    await store.flush();
    for (const name of names) store.putDraft(name, undefined);
    keepEarlyDraft(options.earlyId, undefined);
  };
  const takeEarlier = () => {
    const taken = earlier;
    earlier = Promise.resolve([]);
    return taken;
  };
  const attach = ({ text }: Replica, left: readonly Draft[]) => {
    detach();
    const origin = { file: options.path };
    undo = createPerUserUndo(model, text, origin);
    const { beforeEdit, manager } = undo;
    const apply = (changes: readonly TextChange[]) => {
      beforeEdit(changes);
      applyToText(text, changes, origin);
    };
    if (lease?.document.readOnly) keepAside(text.toJSON(), left);
    else {
      for (const kept of left) apply(mergeOnto(text.toJSON(), kept));
      for (const step of draft?.stepsOnto(text.toJSON()) ?? []) apply(step);
    }
    draft?.stop();
    draft = undefined;
    hasText = true;
    binding = bindModel({
      model,
      text,
      origin,
      editors: options.editors,
      mayWrite: () => !lease?.document.readOnly,
      beforeEdit,
      afterOutsideEdit: (changes, by) => {
        if (by === manager) onUndone.emit(endsOf(changes));
      },
      log,
    });
    onChange.emit();
  };
  const attachFirst = async (replica: Replica) => {
    await earlier;
    if (disposed || lease?.document.replica !== replica) return;
    attach(replica, await takeEarlier());
    await forgetDrafts();
  };
  /** The document ended before it was loaded. */
  const giveUp = async () => {
    const left = await takeEarlier();
    if (disposed || !draft) return;
    keepAside(undefined, left);
    draft.stop();
    draft = undefined;
    onChange.emit();
    await forgetDrafts();
  };

  const file: OpenedFile = {
    model,
    path: options.path,
    onChange,
    onFirstEdit,
    onUndone,
    get mapping() {
      return binding?.mapping;
    },
    get live() {
      return lease?.document;
    },
    get attached() {
      return binding !== undefined;
    },
    get readOnly() {
      if (!lease) return options.readOnly;
      if (binding) return lease.document.readOnly !== undefined;
      return !draft || options.readOnly || !hasText || lease.document.readOnly !== undefined;
    },
    get saveState(): SaveState {
      const state: SaveState = lease?.document.saveState ?? { kind: "saved" };
      const isOnItsWay = state.kind !== "read-only" || state.reason === "role";
      if (!binding && !hasText && isOnItsWay) {
        return { kind: "read-only", reason: state.kind === "offline" ? "unreachable" : "opening" };
      }
      if (options.readOnly && !binding) return { kind: "read-only", reason: "role" satisfies ReadOnlyReason };
      if (!draft?.dirty || state.kind === "read-only") return state;
      if (state.kind === "saved" || state.kind === "saving") return { kind: "saving" };
      return { kind: store.available ? "unsaved-on-device" : "offline", changes: draft.edits + state.changes };
    },
    get unsaved() {
      return draft?.dirty === true || (lease?.document.unconfirmed ?? 0) > 0;
    },
    moved: () => undo?.boundary(),
    keepDraft: () => draft?.keep(),
    connect: (taken, { promoted }) => {
      if (lease) return taken.release();
      lease = taken;
      const { document } = taken;
      if (promoted) draft?.promote();
      draftName = `${document.projectId}/${document.fileId}`;
      subscriptions = [
        document.onSynced.on((replica) => void attachFirst(replica)),
        document.onReplaced.on(() => {
          detach();
          // The text stays visible, and the user continues typing into a draft until the next generation is loaded.
          draft ??= record();
          onChange.emit();
        }),
        document.onAccess.on(() => {
          onChange.emit();
          if (document.ended && draft) void giveUp();
        }),
        document.onSaveState.on(() => onChange.emit()),
      ];
      if (document.synced) void attachFirst(document.replica);
      onChange.emit();
    },
    dispose: () => {
      disposed = true;
      stopListening();
      stopHearing();
      detach();
      draft?.keep();
      draft?.stop();
      for (const unsubscribe of subscriptions) unsubscribe();
      lease?.release();
      model.dispose();
    },
  };
  return file;
}

/** Where each change ends in the text after all of them. */
function endsOf(changes: readonly TextChange[]): number[] {
  let shift = 0;
  return changes.map(({ offset, deleted, inserted }) => {
    const end = offset + shift + inserted.length;
    shift += inserted.length - deleted;
    return end;
  });
}
