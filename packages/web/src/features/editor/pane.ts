/** The large part of the editor: Monaco, the open files, the one or two views on them, and what watches the shown file. */
// Must be first: the following modules make schemas when they are loaded.
import "./schemas-without-eval.ts";
import "./pane.css";
import { browserEnvironment } from "../../app/environment.ts";
import { type DocumentRegistry, createDocumentRegistry } from "../collaboration/document-registry.ts";
import { type LiveDocument, documentName } from "../collaboration/live-document.ts";
import { createUnsavedStore } from "../collaboration/unsaved-store.ts";
import "./monaco/languages.ts";
import { typeMetrics } from "./monaco/editor-options.ts";
import { compareWith } from "./monaco/compare.ts";
import { monaco } from "./monaco/monaco.ts";
import { applyTheme } from "./monaco/themes.ts";
import { ACTION_COMMANDS, type EditorAction } from "./editor-action.ts";
import type { Carried } from "./early-editor.ts";
import { type EditorView, createEditorView } from "./editor-view.ts";
import { languageOfFileName } from "./language-of-file-name.ts";
import { type OpenedFile, createOpenFile } from "./open-file.ts";
import {
  type DiffHandle,
  type EditorCommand,
  type EditorOptions,
  type EditorPreferences,
  type EditorTheme,
  type GroupSide,
  type Indentation,
  type OpenFile,
  type RecoveredCopy,
  localFileId,
} from "./ports.ts";
import { createProblems } from "./problems/problems.ts";
import type { PaneEvents } from "./pane-events.ts";

export interface Pane {
  open(file: OpenFile, carried?: Carried): void;
  close(fileId: string): void;
  split(host: HTMLElement): void;
  unsplit(kept: GroupSide): void;
  activate(side: GroupSide): void;
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
  const files = new Map<string, OpenedFile>();
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
  applyTheme(options.theme, host);

  const isShownIn = (document: LiveDocument) => (view: EditorView) => view.shown?.live === document;
  const createView = (viewHost: HTMLElement): EditorView =>
    createEditorView(viewHost, {
      options,
      preferences,
      events: {
        ...events,
        followEnded: () => {
          followed = null;
          events.followEnded();
        },
      },
      registry,
      isActive: (view) => view === active,
      isSpokenFor: (document, view) => {
        const others = views.filter((other) => other !== view).filter(isShownIn(document));
        return others.length > 0 && (others.includes(active) || !isShownIn(document)(view));
      },
    });
  /** The first view, and the second one while the editor is split. */
  let views: EditorView[] = [];
  let followed: string | null = null;
  let active = createView(host);
  views = [active];
  void document.fonts.ready.then(() => monaco.editor.remeasureFonts());
  const heard = new WeakSet<LiveDocument>();

  const shown = () => active.shown;
  const idOf = (file: OpenedFile) => [...files].find(([, other]) => other === file)?.[0];
  const viewsOf = (file: OpenedFile) => views.filter((view) => view.shown === file);

  const problems = createProblems({
    shown,
    open: () => [...files.values()],
    sources: options.sources,
    tell: (found) => events.problems(found),
    log,
  });

  const tellState = (file: OpenedFile) => {
    const id = idOf(file);
    if (id !== undefined) events.saveState(file.saveState, id);
  };
  let isAtelierChecked = false;
  /** Once: Monaco's support of JSON is for all files from then on. Without it the file is only text. */
  const checkAtelierFile = (): void => {
    const { atelierSchema } = options;
    if (isAtelierChecked || atelierSchema === undefined) return;
    isAtelierChecked = true;
    Promise.all([import("./json/atelier-json.ts"), atelierSchema()]).then(
      ([{ applyAtelierSchema }, schema]) => applyAtelierSchema(schema),
      (error: unknown) => {
        isAtelierChecked = false;
        log("editor.atelier-schema-not-loaded", { error: String(error) });
      },
    );
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
    if (file.path === "atelier.json") checkAtelierFile();
    const opened = createOpenFile({
      model,
      path: file.path,
      draftName: file.kind === "local" ? id : `${file.projectId}/${file.fileId}`,
      hasText: file.kind === "local" || file.initialText !== undefined,
      readOnly: file.kind === "live" && file.readOnly,
      editors: () => viewsOf(opened).map(({ editor }) => editor),
      store,
      onLeave: (listener) => environment.onLeave(listener),
      earlyId: id,
      log,
    });
    let isDetected = text !== "";
    const changed = () => {
      // Monaco detects the indentation of a model's first text, but the text of this one was loaded later.
      if (!isDetected && opened.attached) {
        isDetected = true;
        const { insertSpaces, tabSize } = preferences;
        model.detectIndentation(insertSpaces, tabSize);
      }
      for (const view of viewsOf(opened)) view.refresh();
      tellState(opened);
    };
    opened.onChange.on(changed);
    model.onDidChangeContent(() => problems.textChanged(opened));
    opened.onFirstEdit.on(() => {
      if (file.kind === "local") events.firstEdit(file.path);
      changed();
    });
    opened.onUndone.on((offsets) => {
      if (shown() === opened) active.putCursors(offsets);
    });
    files.set(id, opened);
    if (file.kind === "live") connect(opened, file.projectId, file.fileId, false);
    return opened;
  };
  const connect = (file: OpenedFile, projectId: string, fileId: string, promoted: boolean) => {
    const lease = registry.acquire(projectId, fileId, file.path);
    for (const { presence } of views) presence.watch(lease.document);
    if (!heard.has(lease.document)) {
      heard.add(lease.document);
      lease.document.onKeptCopy.on(({ path, text, keptAt }) =>
        events.recovered({ projectId, fileId, path, text, keptAt }),
      );
    }
    file.connect(lease, { promoted });
  };
  const activate = (view: EditorView) => {
    if (view === active) return;
    if (followed !== null) active.presence.follow(null);
    active = view;
    if (followed !== null) view.presence.follow(followed);
    problems.shownChanged();
    view.activated();
  };

  // The shell runs the program with Ctrl/Cmd+Enter; Monaco would open a line.
  const keybindings = monaco.editor.addKeybindingRules([
    { keybinding: monaco.KeyMod.CtrlCmd | monaco.KeyCode.Enter, command: null },
    { keybinding: monaco.KeyMod.CtrlCmd | monaco.KeyMod.Shift | monaco.KeyCode.Enter, command: null },
  ]);

  return {
    open: (file, carried) => {
      const id = file.kind === "local" ? localFileId(file.path) : file.fileId;
      const opened = files.get(id) ?? create(id, file);
      if (opened.path !== file.path) {
        opened.path = file.path;
        monaco.editor.setModelLanguage(opened.model, languageOfFileName(file.path));
      }
      const other = views.find((view) => view !== active);
      // A file that is new in this group begins where the reader is in it in the other one.
      if (other && !active.viewStateIn(opened)) active.takeViewStates(other, [opened]);
      active.show(opened);
      problems.shownChanged();
      tellState(opened);
      if (carried) active.takeOver(carried);
    },
    close: (fileId) => {
      const file = files.get(fileId);
      if (!file) return;
      const seen = viewsOf(file);
      for (const view of seen) view.clear();
      if (seen.length > 0) problems.shownChanged();
      files.delete(fileId);
      file.dispose();
    },
    split: (secondHost) => {
      if (views.length > 1) return;
      const view = createView(secondHost);
      for (const document of registry.documents()) view.presence.watch(document);
      views = [...views, view];
    },
    unsplit: (kept) => {
      const [left, right] = views;
      if (!left || !right) return;
      const file = kept === 1 ? right.shown : undefined;
      if (kept === 1) left.takeViewStates(right, files.values());
      activate(left);
      views = [left];
      right.dispose();
      if (!file) return;
      left.show(file);
      const state = left.viewStateIn(file);
      if (state) left.editor.restoreViewState(state);
      problems.shownChanged();
    },
    activate: (side) => {
      const view = views[side];
      if (view) activate(view);
    },
    focus: () => active.editor.focus(),
    reveal: (line, column) => active.reveal(line, column),
    setTheme: (theme) => {
      applyTheme(theme, host);
      for (const view of views) view.measureType();
    },
    setPreferences: (next) => {
      preferences = next;
      for (const view of views) view.setPreferences(next);
    },
    follow: (participantId) => {
      followed = participantId;
      active.presence.follow(participantId);
    },
    getText: (fileId) =>
      (fileId === undefined ? shown() : files.get(fileId))?.model.getValue(monaco.editor.EndOfLinePreference.LF) ?? "",
    promote: (localPath, { projectId, fileId }) => {
      const localId = localFileId(localPath);
      const file = files.get(localId);
      if (!file) return;
      files.delete(localId);
      files.set(fileId, file);
      connect(file, projectId, fileId, true);
    },
    discardRecovered: ({ projectId, fileId, path, text, keptAt }) =>
      void store.discardCopy({ document: documentName(projectId, fileId), path, text, keptAt }),
    act: (action) => {
      const { editor } = active;
      if (!shown() || shown()?.readOnly) return;
      if (action.kind === "type") editor.trigger("keyboard", "type", { text: action.text });
      else if (action.kind === "insert")
        editor.trigger("keyboard", "paste", { text: action.text, pasteOnNewLine: false });
      else editor.trigger("keyboard", ACTION_COMMANDS[action.kind], {});
    },
    actions: () =>
      shown()
        ? active.editor
            .getSupportedActions()
            .filter((action) => action.isSupported())
            .map(({ id, label }) => ({ id, label }))
        : [],
    setIndentation: ({ spaces, size }) =>
      shown()?.model.updateOptions({ insertSpaces: spaces, tabSize: size, indentSize: size }),
    runAction: (id) => {
      active.editor.focus();
      void active.editor.getAction(id)?.run();
    },
    compare: (container, older) => {
      const newer = shown()?.model;
      return newer && compareWith(container, { older, newer, type: typeMetrics(host) });
    },
    find: () => void active.editor.getAction("actions.find")?.run(),
    whenSaved: async (timeoutMs) => {
      const saved = () =>
        [...files.values()].every(({ unsaved }) => !unsaved) &&
        registry.documents().every(({ unconfirmed }) => unconfirmed === 0);
      const end = performance.now() + timeoutMs;
      while (!saved() && performance.now() < end) await new Promise((resolve) => setTimeout(resolve, SAVED_POLL_MS));
      return saved();
    },
    dispose: () => {
      problems.dispose();
      keybindings.dispose();
      for (const view of views) view.dispose();
      for (const file of files.values()) file.dispose();
      registry.dispose();
    },
  };
}
