/**
 * Draws others' cursors and selections: a bare caret, a tinted selection, and for a moment after a move the name, after the end of the
 * line, where it covers no code. Names on one line are side by side.
 */
import type { editor } from "monaco-editor/editor";
import { textOn } from "./cursor-color.ts";
import { type StandaloneEditor, rangeBetween } from "./monaco/types.ts";
import type { SharedCursor } from "./shared-cursors.ts";

export interface RemoteCursors {
  /** Shows exactly these; offsets count in the editor's model. */
  show(cursors: readonly SharedCursor[]): void;
  dispose(): void;
}

/** A name is shown for this long after the last move, or after the pointer was at its caret. */
const NAME_MS = 2_000;
/** Within so many columns of a caret the pointer shows its name: users who do not see colours need the name. */
const NEAR_COLUMNS = 1;
/** `editor.ContentWidgetPositionPreference.EXACT`. */
const EXACT = 0 as editor.ContentWidgetPositionPreference;

interface Caret {
  user: SharedCursor["user"];
  widget: editor.IContentWidget;
  node: HTMLElement;
  line: number;
  column: number;
  head: number;
  /** Timer that runs while the name is shown. */
  quiet: ReturnType<typeof setTimeout> | undefined;
}

/** The names after the end of one line. */
interface LineNames {
  widget: editor.IContentWidget;
  node: HTMLElement;
  line: number;
  column: number;
}

export function createRemoteCursors(on: StandaloneEditor): RemoteCursors {
  const carets = new Map<number, Caret>();
  const names = new Map<number, LineNames>();
  const selections = on.createDecorationsCollection();
  const sheet = new CSSStyleSheet();
  const tinted = new Set<string>();
  document.adoptedStyleSheets.push(sheet);

  /** A class that tints by the (checked) colour. */
  const tint = (color: string): string => {
    const name = `shared-selection-${color.slice(1)}`;
    if (!tinted.has(color)) {
      tinted.add(color);
      sheet.insertRule(`.${name} { background-color: ${color}40; }`);
    }
    return name;
  };
  const widgetAt = (id: string, node: HTMLElement, position: () => { line: number; column: number }) => ({
    getId: () => id,
    getDomNode: () => node,
    getPosition: () => {
      const { line, column } = position();
      return { position: { lineNumber: line, column }, preference: [EXACT] };
    },
  });
  const newNode = (className: string): HTMLElement => {
    const node = document.createElement("div");
    node.className = className;
    return node;
  };

  const removeNames = (line: number, { widget }: LineNames) => {
    on.removeContentWidget(widget);
    names.delete(line);
  };
  const labelOf = ({ user }: Caret): HTMLElement => {
    const label = document.createElement("span");
    label.className = "shared-name";
    label.style.setProperty("--cursor-color", user.color);
    label.style.setProperty("--cursor-text", textOn(user.color));
    label.textContent = user.name;
    return label;
  };
  const showNames = (model: editor.ITextModel) => {
    const speaking = Map.groupBy(
      [...carets.values()].filter(({ quiet }) => quiet !== undefined),
      ({ line }) => line,
    );
    for (const [line, shown] of names) if (!speaking.has(line)) removeNames(line, shown);
    for (const [line, these] of speaking) {
      const column = model.getLineMaxColumn(line);
      const known = names.get(line);
      const shown = known ?? { node: newNode("shared-names"), line, column, widget: undefined as never };
      shown.node.replaceChildren(...these.toSorted((a, b) => a.column - b.column).map(labelOf));
      if (!known) {
        shown.widget = widgetAt(`shared-names-${line}`, shown.node, () => shown);
        names.set(line, shown);
        on.addContentWidget(shown.widget);
      } else if (known.column !== column) {
        known.column = column;
        on.layoutContentWidget(known.widget);
      }
    }
  };
  const speak = (caret: Caret) => {
    clearTimeout(caret.quiet);
    caret.quiet = setTimeout(() => {
      caret.quiet = undefined;
      const model = on.getModel();
      if (model) showNames(model);
    }, NAME_MS);
  };

  const remove = (clientId: number, caret: Caret) => {
    clearTimeout(caret.quiet);
    on.removeContentWidget(caret.widget);
    carets.delete(clientId);
  };
  const create = ({ clientId, user }: SharedCursor): Caret => {
    const node = newNode("shared-caret");
    const caret: Caret = { user, node, line: 1, column: 1, head: -1, quiet: undefined, widget: undefined as never };
    caret.widget = widgetAt(`shared-caret-${clientId}`, node, () => caret);
    carets.set(clientId, caret);
    return caret;
  };
  const positionOf = (cursor: SharedCursor, head: number, model: editor.ITextModel) => {
    const known = carets.get(cursor.clientId);
    const caret = known ?? create(cursor);
    const { lineNumber, column } = model.getPositionAt(head);
    caret.node.style.setProperty("--cursor-color", cursor.user.color);
    const moved = caret.line !== lineNumber || caret.column !== column;
    if (caret.head !== head) speak(caret);
    Object.assign(caret, { user: cursor.user, line: lineNumber, column, head });
    if (!known) on.addContentWidget(caret.widget);
    else if (moved) on.layoutContentWidget(caret.widget);
  };
  /** Carets at the same position are drawn side by side. */
  const spread = () => {
    const at = new Map<string, number>();
    for (const { node, line, column } of carets.values()) {
      const key = `${line}:${column}`;
      const before = at.get(key) ?? 0;
      at.set(key, before + 1);
      node.style.setProperty("--caret-shift", `${before * 2}px`);
    }
  };

  const pointed = on.onMouseMove(({ target: { position } }) => {
    const model = on.getModel();
    if (!position || !model) return;
    const near = [...carets.values()].filter(
      ({ line, column }) => line === position.lineNumber && Math.abs(column - position.column) <= NEAR_COLUMNS,
    );
    if (near.length === 0) return;
    near.forEach(speak);
    showNames(model);
  });

  return {
    show: (cursors) => {
      const model = on.getModel();
      if (!model) return;
      const ranges: editor.IModelDeltaDecoration[] = [];
      const seen = new Set<number>();
      for (const cursor of cursors) {
        if (!cursor.selection) continue;
        seen.add(cursor.clientId);
        const { anchor, head } = cursor.selection;
        positionOf(cursor, head, model);
        if (anchor === head) continue;
        const [from, to] = [Math.min(anchor, head), Math.max(anchor, head)].map((at) => model.getPositionAt(at));
        if (!from || !to) continue;
        ranges.push({
          range: rangeBetween(from, to),
          options: {
            className: tint(cursor.user.color),
            overviewRuler: { color: cursor.user.color, position: 4 },
          },
        });
      }
      for (const [clientId, caret] of carets) if (!seen.has(clientId)) remove(clientId, caret);
      spread();
      showNames(model);
      selections.set(ranges);
    },
    dispose: () => {
      pointed.dispose();
      for (const [clientId, caret] of carets) remove(clientId, caret);
      for (const [line, shown] of names) removeNames(line, shown);
      selections.clear();
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    },
  };
}
