/** Tells where the cursor is and how the shown text is written, at most once a frame. */
import { languages } from "monaco-editor/editor";
import type { EditorStatus } from "../ports.ts";
import type { EditorModel, StandaloneEditor } from "./types.ts";

/** The names of syntaxes by id, as far as they have been asked for. */
const names = new Map<string, string>();

const nameOf = (languageId: string): string => {
  const known = names.get(languageId);
  if (known !== undefined) return known;
  const { aliases = [] } = languages.getLanguages().find(({ id }) => id === languageId) ?? {};
  // Of some the first name is the id: `tcl` comes before `Tcl`.
  const name = aliases.find((alias) => alias !== alias.toLowerCase()) ?? aliases[0] ?? languageId;
  names.set(languageId, name);
  return name;
};

const statusOf = (editor: StandaloneEditor, model: EditorModel): EditorStatus => {
  const position = editor.getPosition();
  const selections = editor.getSelections() ?? [];
  const { insertSpaces, tabSize, indentSize } = model.getOptions();
  return {
    line: position?.lineNumber ?? 1,
    column: position?.column ?? 1,
    cursors: selections.length,
    selected: selections.reduce((sum, selection) => sum + model.getValueLengthInRange(selection), 0),
    indentation: { spaces: insertSpaces, size: insertSpaces ? indentSize : tabSize },
    lineEnds: model.getEOL() === "\n" ? "LF" : "CRLF",
    language: nameOf(model.getLanguageId()),
  };
};

/** Tells at once, and undefined while no file is shown. Returns what ends it. */
export function watchStatus(editor: StandaloneEditor, tell: (status: EditorStatus | undefined) => void): () => void {
  let frame: number | undefined;
  let seen = "";
  const look = () => {
    frame = undefined;
    const model = editor.getModel();
    const status = model ? statusOf(editor, model) : undefined;
    const now = JSON.stringify(status) ?? "";
    if (now === seen) return;
    seen = now;
    tell(status);
  };
  const lookSoon = () => {
    frame ??= requestAnimationFrame(look);
  };
  const subscriptions = [
    editor.onDidChangeCursorSelection(lookSoon),
    editor.onDidChangeModel(lookSoon),
    editor.onDidChangeModelLanguage(lookSoon),
    editor.onDidChangeModelOptions(lookSoon),
  ];
  lookSoon();
  return () => {
    if (frame !== undefined) cancelAnimationFrame(frame);
    for (const subscription of subscriptions) subscription.dispose();
  };
}
