/** For tests: the few methods of a Monaco model that the binding uses, over a plain string. */
import type { EditorModel } from "./monaco/types.ts";
import { type TextChange, applyChanges } from "./text-changes.ts";

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
