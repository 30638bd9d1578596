/** One view of a pane: a Monaco editor in a host, which file it shows, and where the reader was in each. */
import type { DocumentRegistry } from "../collaboration/document-registry.ts";
import type { LiveDocument } from "../collaboration/live-document.ts";
import type { Carried } from "./early-editor.ts";
import { minimalChange } from "./minimal-change.ts";
import { editorOptions, preferredOptions, typeMetrics } from "./monaco/editor-options.ts";
import { createKeymap } from "./monaco/keymap.ts";
import { monaco } from "./monaco/monaco.ts";
import { type StandaloneEditor, type ViewState, rangeBetween, selectionBetween } from "./monaco/types.ts";
import { watchStatus } from "./monaco/watch-status.ts";
import type { OpenedFile } from "./open-file.ts";
import type { PaneEvents } from "./pane-events.ts";
import type { EditorOptions, EditorPreferences, EditorStatus } from "./ports.ts";
import { type Presence, createPresence } from "./presence.ts";
import { readOnlyWords } from "./read-only-words.ts";
import { createTabHint, tabKeys } from "./tab-hint.ts";

export interface EditorView {
  readonly host: HTMLElement;
  readonly editor: StandaloneEditor;
  readonly presence: Presence;
  readonly shown: OpenedFile | undefined;
  /** Shows a file where the reader left it in this view. */
  show(file: OpenedFile): void;
  /** Shows no file. */
  clear(): void;
  /** The shown file changed: it may be read-only now, or its text has come. */
  refresh(): void;
  /** Goes to a 1-based line and column of the shown file, as soon as its text is here. */
  reveal(line: number, column: number): void;
  /** Puts the cursors at these offsets of the shown file. */
  putCursors(offsets: readonly number[]): void;
  /** Brings over what was typed, where the cursor was and how far the early surface was scrolled. */
  takeOver(carried: Carried): void;
  /** Takes over where the reader is, in another view, in some files. */
  takeViewStates(from: EditorView, files: Iterable<OpenedFile>): void;
  /** Where the reader is in a file, or was when it was last shown here. */
  viewStateIn(file: OpenedFile): ViewState | null;
  /** The reader works in this view from now on: what is told of it is told anew. */
  activated(): void;
  setPreferences(preferences: EditorPreferences): void;
  measureType(): void;
  dispose(): void;
}

export interface EditorViewSetup {
  options: EditorOptions;
  preferences: EditorPreferences;
  events: PaneEvents;
  registry: DocumentRegistry;
  /** Whether the reader works in this view, not in the one beside it. */
  isActive: (view: EditorView) => boolean;
  /** Whether the view beside this one announces the reader's cursor in a document. */
  isSpokenFor: (document: LiveDocument, view: EditorView) => boolean;
}

export function createEditorView(host: HTMLElement, setup: EditorViewSetup): EditorView {
  const { options, events, registry, isActive, isSpokenFor } = setup;
  const container = document.createElement("div");
  // Monaco's colours are variables of its own elements; its menus hang beside them, in here.
  container.className = "editor-pane monaco-component";
  host.append(container);
  const editor = monaco.editor.create(container, { ...editorOptions(host), ...preferredOptions(setup.preferences) });
  const keymap = createKeymap(editor, container, options.log);
  keymap.set(setup.preferences.keymap);
  const isMac = /Mac|iP(?:hone|ad)/.test(navigator.platform);
  const removeTabHint = createTabHint(editor, container, isMac);

  const viewStates = new WeakMap<OpenedFile, ViewState>();
  let shown: OpenedFile | undefined;
  let status: EditorStatus | undefined;
  /** The position to go to once the file's text is here. */
  let pendingPosition: { file: OpenedFile; line: number; column: number } | undefined;

  const goTo = ({ model }: OpenedFile, line: number, column: number) => {
    const position = model.validatePosition({ lineNumber: line, column });
    editor.setPosition(position);
    editor.revealPositionInCenterIfOutsideViewport(position);
  };
  const refresh = () => {
    const file = shown;
    if (!file) return;
    const { readOnly, saveState } = file;
    editor.updateOptions({
      readOnly,
      domReadOnly: readOnly,
      readOnlyMessage: { value: readOnlyWords(saveState.kind === "read-only" ? saveState.reason : "role") },
    });
    if (pendingPosition?.file === file && file.attached) {
      const { line, column } = pendingPosition;
      pendingPosition = undefined;
      goTo(file, line, column);
    }
    presence.refresh();
  };
  /** Without this Monaco would continue the composition in the other file's text. */
  const endComposition = () => {
    if (editor.inComposition) editor.trigger("atelier", "compositionEnd", {});
  };
  const keepViewState = () => {
    const state = shown && editor.saveViewState();
    if (shown && state) viewStates.set(shown, state);
  };
  const putCursors = (offsets: readonly number[]) => {
    const model = shown?.model;
    if (!model || offsets.length === 0) return;
    const positions = offsets.map((offset) => model.getPositionAt(offset));
    editor.setSelections(positions.map((position) => selectionBetween(position, position)));
    if (positions[0]) editor.revealPositionInCenterIfOutsideViewport(positions[0]);
  };

  const view: EditorView = {
    host,
    editor,
    get presence() {
      return presence;
    },
    get shown() {
      return shown;
    },
    show: (file) => {
      const before = shown;
      if (before !== file) keepViewState();
      shown = file;
      editor.updateOptions({ ariaLabel: `${file.path}. ${tabKeys(isMac).spoken} lets Tab leave the editor.` });
      if (editor.getModel() === file.model) return refresh();
      presence.leave(before?.live);
      endComposition();
      editor.setModel(file.model);
      const state = viewStates.get(file);
      if (state) editor.restoreViewState(state);
      refresh();
    },
    clear: () => {
      const before = shown;
      if (!before) return;
      keepViewState();
      shown = undefined;
      presence.leave(before.live);
      endComposition();
      editor.setModel(null);
    },
    refresh,
    reveal: (line, column) => {
      const file = shown;
      if (!file) return;
      const hasText = file.attached || file.model.getValueLength() > 0;
      pendingPosition = hasText ? undefined : { file, line, column };
      goTo(file, line, column);
    },
    putCursors,
    takeOver: (carried) => {
      const file = shown;
      if (!file) return;
      const { model } = file;
      const change = minimalChange(model.getValue(), carried.text);
      if (change && !file.readOnly) {
        const [from, to] = [change.offset, change.offset + change.deleted].map((at) => model.getPositionAt(at));
        if (from && to) {
          model.pushStackElement();
          model.pushEditOperations(null, [{ range: rangeBetween(from, to), text: change.inserted }], () => null);
          model.pushStackElement();
        }
      }
      const [anchor, head] = [carried.anchor, carried.head].map((at) => model.getPositionAt(at));
      if (anchor && head) editor.setSelection(selectionBetween(anchor, head));
      editor.setScrollPosition({ scrollTop: carried.scrollTop, scrollLeft: carried.scrollLeft }, 1);
      if (carried.focused) editor.focus();
      file.keepDraft();
    },
    takeViewStates: (from, files) => {
      for (const file of files) {
        const state = from.viewStateIn(file);
        if (state) viewStates.set(file, state);
      }
    },
    viewStateIn: (file) => (file === shown ? editor.saveViewState() : (viewStates.get(file) ?? null)),
    activated: () => {
      events.status(status);
      presence.activated();
    },
    setPreferences: (next) => {
      editor.updateOptions({ ...preferredOptions(next), ...typeMetrics(host) });
      keymap.set(next.keymap);
    },
    measureType: () => editor.updateOptions(typeMetrics(host)),
    dispose: () => {
      view.clear();
      for (const subscription of subscriptions) subscription.dispose();
      presence.dispose();
      removeTabHint();
      stopStatus();
      keymap.dispose();
      editor.dispose();
      container.remove();
    },
  };
  const presence = createPresence({
    editor,
    container,
    options,
    events,
    registry,
    shown: () => shown?.live,
    mapping: () => shown?.mapping,
    isActive: () => isActive(view),
    isSpokenFor: (document) => isSpokenFor(document, view),
  });
  const stopStatus = watchStatus(editor, (found) => {
    status = found;
    if (isActive(view)) events.status(found);
  });
  const subscriptions = [
    editor.onDidCompositionStart(() => shown?.moved()),
    editor.onDidChangeCursorPosition(({ reason }) => {
      if (reason === monaco.editor.CursorChangeReason.Explicit) shown?.moved();
    }),
  ];
  return view;
}
