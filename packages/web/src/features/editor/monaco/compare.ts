/** Shows the difference between an older text and a model. */
import { editor, Uri } from "monaco-editor/editor";
import type { DiffHandle } from "../ports.ts";
import type { typeMetrics } from "./editor-options.ts";
import type { EditorModel } from "./types.ts";

let count = 0;

/** The diff editor takes the labels of its editors away whenever its own width or options change. */
function keepLabel(part: editor.ICodeEditor, label: string): void {
  const set = () => {
    if (part.getRawOptions().ariaLabel !== label) part.updateOptions({ ariaLabel: label });
  };
  set();
  part.onDidChangeConfiguration(set);
}

/** Fills the host; the model stays as it is, and others' edits of it are shown at once. */
export function compareWith(
  host: HTMLElement,
  { older, newer, type }: { older: string; newer: EditorModel; type: ReturnType<typeof typeMetrics> },
): DiffHandle {
  count += 1;
  const uri = Uri.from({ scheme: "atelier", authority: "older", path: `/${count}${newer.uri.path}` });
  const original = editor.createModel(older.replaceAll(/\r\n?/g, "\n"), newer.getLanguageId(), uri);
  const container = document.createElement("div");
  container.className = "editor-pane monaco-component";
  host.append(container);
  const diff = editor.createDiffEditor(container, {
    ...type,
    automaticLayout: true,
    readOnly: true,
    originalEditable: false,
    renderOverviewRuler: false,
    renderGutterMenu: false,
    minimap: { enabled: false },
    scrollBeyondLastLine: false,
    hideUnchangedRegions: { enabled: true },
    lineNumbersMinChars: 3,
    // Signs of changed lines keep a distance from the text.
    lineDecorationsWidth: 24,
    useShadowDOM: false,
  });
  diff.setModel({ original, modified: newer });
  keepLabel(diff.getOriginalEditor(), "Older version");
  keepLabel(diff.getModifiedEditor(), "The file now");
  return {
    go: (where) => {
      diff.goToDiff(where);
      diff.getModifiedEditor().focus();
    },
    dispose: () => {
      diff.setModel(null);
      diff.dispose();
      original.dispose();
      container.remove();
    },
  };
}
