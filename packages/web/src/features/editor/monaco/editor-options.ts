/** How Monaco is set up here, in the shell's type. */
import type { editor } from "monaco-editor/editor";
import type { EditorPreferences } from "../ports.ts";

/** Size, line height and font of the host's code, so that Monaco's lines fall on those of the early surface. */
export function typeMetrics(host: HTMLElement): { fontSize: number; lineHeight: number; fontFamily: string } {
  const probe = document.createElement("span");
  probe.className = "early-type";
  host.append(probe);
  const styles = getComputedStyle(probe);
  const metrics = {
    fontSize: Number.parseFloat(styles.fontSize),
    lineHeight: Math.round(Number.parseFloat(styles.lineHeight)),
    fontFamily: styles.fontFamily,
  };
  probe.remove();
  return metrics;
}

/** What the user has set, as Monaco names it. */
export function preferredOptions(preferences: EditorPreferences): editor.IEditorOptions & editor.IGlobalEditorOptions {
  const { tabSize, insertSpaces, wordWrap, minimap } = preferences;
  return { tabSize, insertSpaces, wordWrap: wordWrap ? "on" : "off", minimap: { enabled: minimap } };
}

export function editorOptions(host: HTMLElement): editor.IStandaloneEditorConstructionOptions {
  return {
    ...typeMetrics(host),
    model: null,
    automaticLayout: true,
    scrollbar: { horizontalScrollbarSize: 8, verticalScrollbarSize: 10 },
    padding: { top: 8, bottom: 8 },
    lineNumbersMinChars: 4,
    lineDecorationsWidth: 6,
    scrollBeyondLastLine: false,
    // Dimmed, the number of the last line is too faint to read.
    renderFinalNewline: "on",
    fixedOverflowWidgets: true,
    // So that the page's styles apply to the editor's menu.
    useShadowDOM: false,
    overviewRulerBorder: false,
    hideCursorInOverviewRuler: true,
    renderLineHighlight: "line",
    renderLineHighlightOnlyWhenFocus: true,
    stickyScroll: { enabled: false },
    bracketPairColorization: { enabled: false },
    unusualLineTerminators: "off",
    // Dropped files are added to the project, also when they are dropped on the editor.
    dropIntoEditor: { enabled: false },
    // Words of the file are offered; Enter stays a new line until something better than words is offered.
    acceptSuggestionOnEnter: "off",
    wordBasedSuggestions: "currentDocument",
    quickSuggestions: { other: true, comments: false, strings: false },
    readOnlyMessage: { value: "This file is read-only for you." },
  };
}
