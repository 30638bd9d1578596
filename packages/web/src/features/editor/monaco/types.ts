/** Monaco's types that the binding uses, and the few values, made here so that using them loads no Monaco. */
import type { IPosition, IRange, ISelection, editor } from "monaco-editor/editor";

export type EditorModel = editor.ITextModel;
export type StandaloneEditor = editor.IStandaloneCodeEditor;
export type ViewState = editor.ICodeEditorViewState;

/** `editor.EndOfLinePreference`. */
export const EndOfLinePreference = { LF: 1 } as const satisfies { LF: editor.EndOfLinePreference.LF };

export function rangeBetween(start: IPosition, end: IPosition): IRange {
  return {
    startLineNumber: start.lineNumber,
    startColumn: start.column,
    endLineNumber: end.lineNumber,
    endColumn: end.column,
  };
}

/** A selection that begins at `anchor` and has the cursor at `head`. */
export function selectionBetween(anchor: IPosition, head: IPosition): ISelection {
  return {
    selectionStartLineNumber: anchor.lineNumber,
    selectionStartColumn: anchor.column,
    positionLineNumber: head.lineNumber,
    positionColumn: head.column,
  };
}

/** Where a selection begins and where its cursor is, as UTF-16 offsets. */
export function selectionOffsets(model: EditorModel, selection: ISelection): { anchor: number; head: number } {
  return {
    anchor: model.getOffsetAt({
      lineNumber: selection.selectionStartLineNumber,
      column: selection.selectionStartColumn,
    }),
    head: model.getOffsetAt({ lineNumber: selection.positionLineNumber, column: selection.positionColumn }),
  };
}

export function sameSelection(one: ISelection, other: ISelection | undefined): boolean {
  return (
    one.selectionStartLineNumber === other?.selectionStartLineNumber &&
    one.selectionStartColumn === other.selectionStartColumn &&
    one.positionLineNumber === other.positionLineNumber &&
    one.positionColumn === other.positionColumn
  );
}
