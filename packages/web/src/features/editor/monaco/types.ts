/** Monaco's values and types that the binding uses, under names that say what they are here. */
import type { editor } from "monaco-editor/editor";

export { Range, Selection } from "monaco-editor/editor";
export type { IDisposable } from "monaco-editor/editor";
export type EditorModel = editor.ITextModel;
export type StandaloneEditor = editor.IStandaloneCodeEditor;
export type ViewState = editor.ICodeEditorViewState;

/** `editor.EndOfLinePreference`, written out so that it needs no Monaco to be read. */
export const EndOfLinePreference = { LF: 1 } as const satisfies { LF: editor.EndOfLinePreference.LF };
