/** The large part of the editor: Monaco, the open files, and everything that watches the shown one. */
// Must be first: the following modules make schemas when they are loaded.
import "./schemas-without-eval.ts";
import "./pane.css";
import { browserEnvironment } from "../../app/environment.ts";
import { type DocumentRegistry, createDocumentRegistry } from "../collaboration/document-registry.ts";
import { documentName } from "../collaboration/live-document.ts";
import { createUnsavedStore } from "../collaboration/unsaved-store.ts";
import "./monaco/languages.ts";
import { editorOptions, preferredOptions, typeMetrics } from "./monaco/editor-options.ts";
import { compareWith } from "./monaco/compare.ts";
import { createKeymap } from "./monaco/keymap.ts";
import { monaco } from "./monaco/monaco.ts";
import { applyTheme } from "./monaco/themes.ts";
import { rangeBetween, selectionBetween } from "./monaco/types.ts";
import { readOnlyWords } from "./read-only-words.ts";
import { ACTION_COMMANDS, type EditorAction } from "./editor-action.ts";
import type { Carried } from "./early-editor.ts";
import { languageOfFileName } from "./language-of-file-name.ts";
import { type OpenedFile, createOpenFile } from "./open-file.ts";
import {
  type DiffHandle,
  type EditorCommand,
  type EditorOptions,
  type EditorPreferences,
  type EditorTheme,
  type Indentation,
  type OpenFile,
  type RecoveredCopy,
  localFileId,
} from "./ports.ts";
import { minimalChange } from "./minimal-change.ts";
import { createProblems } from "./problems/problems.ts";
import { createPresence } from "./presence.ts";
import type { PaneEvents } from "./pane-events.ts";
import { watchStatus } from "./monaco/watch-status.ts";
import { createTabHint, tabKeys } from "./tab-hint.ts";

export interface Pane {
  open(file: OpenFile, carried?: Carried): void;
  close(fileId: string): void;
  focus(): void;
  reveal(line: number, column: number): void;
  setTheme(theme: EditorTheme): void;
  setPreferences(preferences: EditorPreferences): void;
  follow(participantId: string | null): void;
  getText(fileId: string | undefined): string;
  promote(localPath: string, to: { projectId: string; fileId: string }): void;
  discardRecovered(copy: RecoveredCopy): void;
  act(action: EditorAction): void;
  actions(): readonly EditorCommand[];
  runAction(id: string): void;
  setIndentation(indentation: Indentation): void;
  compare(container: HTMLElement, older: string): DiffHandle | undefined;
  find(): void;
  whenSaved(timeoutMs: number): Promise<boolean>;
  dispose(): void;
}

const SAVED_POLL_MS = 20;

export function createPane(host: HTMLElement, options: EditorOptions, events: PaneEvents): Pane {
  const { log } = options;
  let { preferences } = options;
  const container = document.createElement("div");
  // Monaco's colours are variables of its own elements; its menus hang beside them, in here.
  container.className = "editor-pane monaco-component";
  host.append(container);
  applyTheme(options.theme, host);
  const editor = monaco.editor.create(container, {
    ...editorOptions(host),
    ...preferredOptions(preferences),
  });
  const keymap = createKeymap(editor, container, log);
  keymap.set(preferences.keymap);
  void document.fonts.ready.then(() => monaco.editor.remeasureFonts());

  const files = new Map<string, OpenedFile>();
  let shownId: string | undefined;
  /** Where to go in a file whose text is not here yet. */
  let wantedPlace: { file: OpenedFile; line: number; column: number } | undefined;
  const shown = () => (shownId === undefined ? undefined : files.get(shownId));
  const environment = browserEnvironment();
  const store = createUnsavedStore({
    factory: globalThis.indexedDB,
    onFailure: (error) => log("unsaved-store.failed", { error: String(error) }),
  });
  const registry: DocumentRegistry = createDocumentRegistry({
    openChannel: options.openChannel,
    store,
    environment,
    log,
  });
  const presence = createPresence({
    editor,
    container,
    options,
    events,
    registry,
    shown: () => shown()?.live,
    places: () => shown()?.places,
  });

  const isMac = /Mac|iP(?:hone|ad)/.test(navigator.platform);
  const removeTabHint = createTabHint(editor, container, isMac);

  const problems = createProblems({
    shown,
    open: () => [...files.values()],
    sources: options.sources,
    tell: (found) => events.problems(found),
    log,
  });

  const stopStatus = watchStatus(editor, (status) => events.status(status));

  const refresh = () => {
    const file = shown();
    if (!file || shownId === undefined) return;
    const { readOnly, saveState } = file;
    editor.updateOptions({
      readOnly,
      domReadOnly: readOnly,
      readOnlyMessage: { value: readOnlyWords(saveState.kind === "read-only" ? saveState.reason : "role") },
    });
    if (wantedPlace?.file === file && file.attached) {
      const { line, column } = wantedPlace;
      wantedPlace = undefined;
      goTo(file, line, column);
    }
    events.saveState(saveState, shownId);
    presence.refresh();
  };
  const goTo = ({ model }: OpenedFile, line: number, column: number) => {
    const position = model.validatePosition({ lineNumber: line, column });
    editor.setPosition(position);
    editor.revealPositionInCenterIfOutsideViewport(position);
  };
  const create = (id: string, file: OpenFile): OpenedFile => {
    const text = file.kind === "local" ? file.text : (file.initialText ?? "");
    const uri = monaco.Uri.from({
      scheme: "atelier",
      authority: "file",
      path: `/${encodeURIComponent(id)}/${file.path}`,
    });
    const model = monaco.editor.createModel(text, languageOfFileName(file.path), uri);
    model.setEOL(monaco.editor.EndOfLineSequence.LF);
    const opened = createOpenFile({
      model,
      path: file.path,
      draftName: file.kind === "local" ? id : `${file.projectId}/${file.fileId}`,
      hasText: file.kind === "local" || file.initialText !== undefined,
      readOnly: file.kind === "live" && file.readOnly,
      editor: () => (shown() === opened ? editor : undefined),
      store,
      onLeave: (listener) => environment.onLeave(listener),
      earlyId: id,
      log,
    });
    let isDetected = text !== "";
    const changed = () => {
      // Monaco looks at the indentation of the text that a model begins with, and this one's came later.
      if (!isDetected && opened.attached) {
        isDetected = true;
        const { insertSpaces, tabSize } = preferences;
        model.detectIndentation(insertSpaces, tabSize);
      }
      if (shown() === opened) return refresh();
      const known = [...files].find(([, other]) => other === opened)?.[0];
      if (known !== undefined) events.saveState(opened.saveState, known);
    };
    opened.onChange.on(changed);
    model.onDidChangeContent(() => problems.textChanged(opened));
    opened.onFirstEdit.on(() => {
      if (file.kind === "local") events.firstEdit(file.path);
      changed();
    });
    opened.onUndone.on((offsets) => {
      if (shown() !== opened || offsets.length === 0) return;
      const positions = offsets.map((offset) => model.getPositionAt(offset));
      editor.setSelections(positions.map((position) => selectionBetween(position, position)));
      if (positions[0]) editor.revealPositionInCenterIfOutsideViewport(positions[0]);
    });
    files.set(id, opened);
    if (file.kind === "live") connect(opened, file.projectId, file.fileId, false);
    return opened;
  };
  const connect = (file: OpenedFile, projectId: string, fileId: string, promoted: boolean) => {
    const lease = registry.acquire(projectId, fileId, file.path);
    if (presence.watch(lease.document)) {
      lease.document.onKeptCopy.on(({ path, text, keptAt }) =>
        events.recovered({ projectId, fileId, path, text, keptAt }),
      );
    }
    file.connect(lease, { promoted });
  };
  const show = (id: string, file: OpenedFile) => {
    const before = shown();
    if (before && before !== file) before.view = editor.saveViewState();
    shownId = id;
    problems.shownChanged();
    editor.updateOptions({ ariaLabel: `${file.path}. ${tabKeys(isMac).spoken} lets Tab leave the editor.` });
    if (editor.getModel() === file.model) return refresh();
    presence.leave(before?.live);
    // Without this Monaco would continue the composition in the other file's text.
    if (editor.inComposition) editor.trigger("atelier", "compositionEnd", {});
    editor.setModel(file.model);
    if (file.view) editor.restoreViewState(file.view);
    refresh();
  };
  /** Brings over what was typed, where the cursor was and how far the early surface was scrolled. */
  const takeOver = (file: OpenedFile, carried: Carried) => {
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
  };

  const subscriptions = [
    editor.onDidCompositionStart(() => shown()?.moved()),
    editor.onDidChangeCursorPosition(({ reason }) => {
      if (reason === monaco.editor.CursorChangeReason.Explicit) shown()?.moved();
    }),
    // The shell runs the program with Ctrl/Cmd+Enter; Monaco would open a line.
    monaco.editor.addKeybindingRules([
      { keybinding: monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, command: null },
      { keybinding: monaco.KeyMod.CtrlCmd | monaco.KeyMod.Shift | monaco.KeyCode.Enter, command: null },
    ]),
  ];

  return {
    open: (file, carried) => {
      const id = file.kind === "local" ? localFileId(file.path) : file.fileId;
      const opened = files.get(id) ?? create(id, file);
      if (opened.path !== file.path) {
        opened.path = file.path;
        monaco.editor.setModelLanguage(opened.model, languageOfFileName(file.path));
      }
      show(id, opened);
      if (carried) takeOver(opened, carried);
    },
    close: (fileId) => {
      const file = files.get(fileId);
      if (!file) return;
      if (shownId === fileId) {
        presence.leave(file.live);
        shownId = undefined;
        editor.setModel(null);
        problems.shownChanged();
      }
      files.delete(fileId);
      file.dispose();
    },
    focus: () => editor.focus(),
    reveal: (line, column) => {
      const file = shown();
      if (!file) return;
      const hasText = file.attached || file.model.getValueLength() > 0;
      wantedPlace = hasText ? undefined : { file, line, column };
      goTo(file, line, column);
    },
    setTheme: (theme) => {
      applyTheme(theme, host);
      editor.updateOptions(typeMetrics(host));
    },
    setPreferences: (next) => {
      preferences = next;
      editor.updateOptions({ ...preferredOptions(next), ...typeMetrics(host) });
      keymap.set(preferences.keymap);
    },
    follow: presence.follow,
    getText: (fileId) =>
      (fileId === undefined ? shown() : files.get(fileId))?.model.getValue(monaco.editor.EndOfLinePreference.LF) ?? "",
    promote: (localPath, { projectId, fileId }) => {
      const localId = localFileId(localPath);
      const file = files.get(localId);
      if (!file) return;
      files.delete(localId);
      files.set(fileId, file);
      if (shownId === localId) shownId = fileId;
      connect(file, projectId, fileId, true);
    },
    discardRecovered: ({ projectId, fileId, path, text, keptAt }) =>
      void store.discardCopy({ document: documentName(projectId, fileId), path, text, keptAt }),
    act: (action) => {
      if (!shown() || shown()?.readOnly) return;
      if (action.kind === "type") editor.trigger("keyboard", "type", { text: action.text });
      else if (action.kind === "insert")
        editor.trigger("keyboard", "paste", { text: action.text, pasteOnNewLine: false });
      else editor.trigger("keyboard", ACTION_COMMANDS[action.kind], {});
    },
    actions: () =>
      shown()
        ? editor
            .getSupportedActions()
            .filter((action) => action.isSupported())
            .map(({ id, label }) => ({ id, label }))
        : [],
    setIndentation: ({ spaces, size }) =>
      editor.getModel()?.updateOptions({ insertSpaces: spaces, tabSize: size, indentSize: size }),
    runAction: (id) => {
      editor.focus();
      void editor.getAction(id)?.run();
    },
    compare: (place, older) => {
      const newer = shown()?.model;
      return newer && compareWith(place, { older, newer, type: typeMetrics(host) });
    },
    find: () => void editor.getAction("actions.find")?.run(),
    whenSaved: async (timeoutMs) => {
      const saved = () =>
        [...files.values()].every(({ unsaved }) => !unsaved) &&
        registry.documents().every(({ unconfirmed }) => unconfirmed === 0);
      const end = performance.now() + timeoutMs;
      while (!saved() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, SAVED_POLL_MS));
      return saved();
    },
    dispose: () => {
      presence.dispose();
      problems.dispose();
      removeTabHint();
      stopStatus();
      keymap.dispose();
      for (const subscription of subscriptions) subscription.dispose();
      editor.dispose();
      for (const file of files.values()) file.dispose();
      registry.dispose();
      container.remove();
    },
  };
}
