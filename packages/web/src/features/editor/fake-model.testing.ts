/** For tests: the methods of a Monaco model and editor that the binding uses, over a plain string. */
import type { ISelection } from "monaco-editor/editor";
import { type EditorModel, type StandaloneEditor, selectionBetween } from "./monaco/types.ts";
import { type TextChange, applyChanges, mapOffset } from "./text-changes.ts";

interface Edit {
  range: { startLineNumber: number; startColumn: number; endLineNumber: number; endColumn: number };
  text: string;
}
interface ContentEvent {
  isFlush: boolean;
  isEolChange: boolean;
  changes: { rangeOffset: number; rangeLength: number; text: string }[];
}

export interface FakeModel {
  readonly model: EditorModel;
  readonly text: string;
  /** Edits as a reader would: tells the listeners, last change first, as Monaco does. */
  type(changes: readonly TextChange[]): void;
  undo(): void;
  redo(): void;
}

export function createFakeModel(initial = ""): FakeModel {
  let text = initial;
  const listeners = new Set<(event: ContentEvent) => void>();
  const positionAt = (offset: number) => {
    const before = text.slice(0, Math.max(0, Math.min(offset, text.length)));
    const lineStart = before.lastIndexOf("\n") + 1;
    return { lineNumber: before.split("\n").length, column: before.length - lineStart + 1 };
  };
  const offsetAt = ({ lineNumber, column }: { lineNumber: number; column: number }) => {
    const lines = text.split("\n").slice(0, lineNumber - 1);
    return lines.reduce((sum, line) => sum + line.length + 1, 0) + column - 1;
  };
  const change = (changes: readonly TextChange[]) => {
    const tidy = changes.map(({ offset, deleted, inserted }) => ({
      offset,
      deleted,
      inserted: inserted.replaceAll(/\r\n?/g, "\n"),
    }));
    text = applyChanges(text, tidy);
    const event: ContentEvent = {
      isFlush: false,
      isEolChange: false,
      changes: tidy
        .map(({ offset, deleted, inserted }) => ({ rangeOffset: offset, rangeLength: deleted, text: inserted }))
        .toReversed(),
    };
    for (const listener of listeners) listener(event);
  };
  const model = {
    uri: "fake:model",
    getValue: () => text,
    getValueLength: () => text.length,
    getPositionAt: positionAt,
    getOffsetAt: offsetAt,
    getLineContent: (line: number) => text.split("\n")[line - 1] ?? "",
    applyEdits: (edits: Edit[]) =>
      change(
        edits.map(({ range, text: inserted }) => {
          const offset = offsetAt({ lineNumber: range.startLineNumber, column: range.startColumn });
          const end = offsetAt({ lineNumber: range.endLineNumber, column: range.endColumn });
          return { offset, deleted: end - offset, inserted };
        }),
      ),
    onDidChangeContent: (listener: (event: ContentEvent) => void) => {
      listeners.add(listener);
      return { dispose: () => listeners.delete(listener) };
    },
  };
  const asModel = model as unknown as EditorModel;
  return {
    model: asModel,
    get text() {
      return text;
    },
    type: change,
    undo: () => void asModel.undo(),
    redo: () => void asModel.redo(),
  };
}

/** An editor with one cursor, and an input method that composes at it. */
export interface FakeEditor {
  readonly editor: StandaloneEditor;
  /** An offset. */
  cursor: number;
  /** Begins a composition, or continues it: `text` is what it shows now. */
  compose(text: string): void;
  /** Ends the composition with what it shows. */
  endComposition(): void;
  /** Reports that another file is shown. */
  changeModel(): void;
  /** Number of subscriptions that are not disposed. */
  listening(): number;
}

/**
 * An input method replaces the same columns of the cursor's line for the whole composition, even when others have changed that line
 * meanwhile.
 */
export function createFakeEditor(fake: FakeModel): FakeEditor {
  const { model } = fake;
  const ended = new Set<() => void>();
  const modelChanged = new Set<() => void>();
  const subscribe = (listeners: Set<() => void>) => (listener: () => void) => {
    listeners.add(listener);
    return { dispose: () => listeners.delete(listener) };
  };
  let cursor = 0;
  let columns: { start: number; end: number } | undefined;
  // Monaco moves a cursor behind text that is inserted at it.
  model.onDidChangeContent(({ changes }) => {
    const ascending = changes.map(({ rangeOffset, rangeLength, text }) => ({
      offset: rangeOffset,
      deleted: rangeLength,
      inserted: text,
    }));
    cursor = mapOffset(cursor, ascending.toReversed(), "after");
  });
  const editor = {
    get inComposition() {
      return columns !== undefined;
    },
    getSelections: () => {
      const at = model.getPositionAt(cursor);
      return [{ ...selectionBetween(at, at), startLineNumber: at.lineNumber, endLineNumber: at.lineNumber }];
    },
    setSelections: ([first]: ISelection[]) => {
      if (first) cursor = model.getOffsetAt({ lineNumber: first.positionLineNumber, column: first.positionColumn });
    },
    getVisibleRanges: () => [],
    getPosition: () => model.getPositionAt(cursor),
    onDidCompositionEnd: subscribe(ended),
    onDidChangeModel: subscribe(modelChanged),
  };
  return {
    editor: editor as unknown as StandaloneEditor,
    get cursor() {
      return cursor;
    },
    set cursor(offset) {
      cursor = offset;
    },
    compose: (text) => {
      const { lineNumber, column } = model.getPositionAt(cursor);
      columns ??= { start: column - 1, end: column - 1 };
      const lineStart = model.getOffsetAt({ lineNumber, column: 1 });
      const length = model.getLineContent(lineNumber).length;
      const [start, end] = [Math.min(length, columns.start), Math.min(length, columns.end)];
      fake.type([{ offset: lineStart + start, deleted: end - start, inserted: text }]);
      columns.end = columns.start + text.length;
      cursor = lineStart + start + text.length;
    },
    endComposition: () => {
      columns = undefined;
      for (const listener of ended) listener();
    },
    changeModel: () => modelChanged.forEach((listener) => listener()),
    listening: () => ended.size + modelChanged.size,
  };
}
