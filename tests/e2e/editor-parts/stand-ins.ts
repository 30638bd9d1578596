/** What surrounds the editor's light parts when they are tried alone in a real page: a stand-in for Monaco and its document. */
import type { StandaloneEditor } from "../../../packages/web/src/features/editor/monaco/types.ts";

type Position = { readonly lineNumber: number; readonly column: number };
type Listener = (event: never) => void;

/** Text with places in it, as far as cursors ask for them. */
const createModel = (text: string) => ({
  getValueLength: () => text.length,
  getLineMaxColumn: (line: number) => (text.split("\n")[line - 1] ?? "").length + 1,
  getPositionAt: (offset: number): Position => {
    const before = text.slice(0, offset).split("\n");
    return { lineNumber: before.length, column: (before.at(-1) ?? "").length + 1 };
  },
  getOffsetAt: ({ lineNumber, column }: Position): number =>
    text
      .split("\n")
      .slice(0, lineNumber - 1)
      .reduce((sum, line) => sum + line.length + 1, 0) +
    column -
    1,
});

/** An editor that draws widgets into `layer` and remembers what it was asked to show. Lines are 20 px, characters 10. */
export const createStandIn = (text: string, layer: HTMLElement) => {
  const model = createModel(text);
  const listeners = new Map<string, Listener[]>();
  const on = (name: string) => (listener: Listener) => {
    listeners.set(name, [...(listeners.get(name) ?? []), listener]);
    return {
      dispose: () =>
        listeners.set(
          name,
          (listeners.get(name) ?? []).filter((other) => other !== listener),
        ),
    };
  };
  const seen = { revealed: [] as Position[], decorations: [] as unknown[], layouts: 0 };
  type Widget = { getDomNode: () => HTMLElement; getPosition: () => { position: Position } };
  const show = ({ getDomNode, getPosition }: Widget): void => {
    const { position } = getPosition();
    Object.assign(getDomNode().dataset, { line: String(position.lineNumber), column: String(position.column) });
  };
  const editor = {
    getModel: () => model,
    getSelection: () => ({
      selectionStartLineNumber: 1,
      selectionStartColumn: 2,
      positionLineNumber: 1,
      positionColumn: 4,
    }),
    createDecorationsCollection: () => ({
      set: (ranges: unknown[]) => (seen.decorations = ranges),
      clear: () => (seen.decorations = []),
    }),
    addContentWidget: (widget: Widget) => {
      show(widget);
      layer.append(widget.getDomNode());
    },
    layoutContentWidget: (widget: Widget) => {
      seen.layouts += 1;
      show(widget);
    },
    removeContentWidget: (widget: Widget) => widget.getDomNode().remove(),
    getScrolledVisiblePosition: ({ column }: Position) => ({ left: column * 10, top: 0, height: 20 }),
    getLayoutInfo: () => ({ width: 400 }),
    revealPositionInCenterIfOutsideViewport: (position: Position) => seen.revealed.push(position),
    onDidChangeCursorSelection: on("cursor"),
    onDidChangeModelContent: on("content"),
    onKeyDown: on("key"),
    onMouseDown: on("mouse"),
    onMouseMove: on("pointer"),
  };
  return {
    editor: editor as unknown as StandaloneEditor,
    seen,
    listening: () => [...listeners.values()].reduce((sum, { length }) => sum + length, 0),
    emit: (name: "cursor" | "content" | "key" | "mouse" | "pointer", event: unknown = {}): void => {
      for (const listener of listeners.get(name) ?? []) listener(event as never);
    },
  };
};
