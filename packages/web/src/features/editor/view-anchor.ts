/** Keeps the user's view in place while others' edits insert and delete lines around it. */
import type { EditorModel, StandaloneEditor } from "./monaco/types.ts";
import { type TextChange, mapOffset } from "./text-changes.ts";

/** `editor.ScrollType.Immediate`. */
const IMMEDIATE = 1;

/**
 * Notes the first visible line and the user's cursor. Call the returned function after the changes were applied: it scrolls so that the
 * line is where it was, and so that a cursor that was visible still is.
 */
export function anchorView(editor: StandaloneEditor, model: EditorModel): (changes: readonly TextChange[]) => void {
  const line = editor.getVisibleRanges()[0]?.startLineNumber;
  const cursor = editor.getPosition();
  if (line === undefined || !cursor) return () => undefined;
  const { height } = editor.getLayoutInfo();
  const scrollTop = editor.getScrollTop();
  const below = scrollTop - editor.getTopForLineNumber(line);
  const lineStart = model.getOffsetAt({ lineNumber: line, column: 1 });
  const isVisible = (top: number, view: number) =>
    top >= view && editor.getBottomForLineNumber(cursor.lineNumber) <= view + height;
  const wasVisible = isVisible(editor.getTopForLineNumber(cursor.lineNumber), scrollTop);

  return (changes) => {
    const now = model.getPositionAt(mapOffset(lineStart, changes, "after")).lineNumber;
    let wanted = editor.getTopForLineNumber(now) + below;
    const { lineNumber } = editor.getPosition() ?? cursor;
    if (wasVisible) {
      const [top, bottom] = [editor.getTopForLineNumber(lineNumber), editor.getBottomForLineNumber(lineNumber)];
      wanted = Math.min(top, Math.max(wanted, bottom - height));
    }
    if (wanted !== editor.getScrollTop()) editor.setScrollTop(wanted, IMMEDIATE);
  };
}
