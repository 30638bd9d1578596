/** Draws others' cursors and selections: a caret with a name, of which the initials stay when it rests; a tinted selection. */
import type { editor } from "monaco-editor/editor";
import { textOn } from "./cursor-color.ts";
import { type StandaloneEditor, rangeBetween } from "./monaco/types.ts";
import type { SharedCursor } from "./shared-cursors.ts";

export interface RemoteCursors {
  /** Shows exactly these; offsets count in the editor's model. */
  show(cursors: readonly SharedCursor[]): void;
  dispose(): void;
}

/** A whole name stays this long after the last move, then its initials. */
const NAME_MS = 2_000;
/** Closer than this to the right edge, a name goes to the left of its caret. */
const NAME_WIDTH_PX = 180;
/** `editor.ContentWidgetPositionPreference.EXACT`. */
const EXACT = 0 as editor.ContentWidgetPositionPreference;

/** At most two letters, never half a character: colour alone tells nobody apart who does not see colours. */
const initialsOf = (name: string): string => {
  const [first, ...more] = name.split(/\s+/u).filter((word) => word !== "");
  return [first, more.at(-1)]
    .map((word) => (word === undefined ? "" : String.fromCodePoint(word.codePointAt(0) ?? 0)))
    .join("")
    .toUpperCase();
};

interface Caret {
  name: string;
  widget: editor.IContentWidget;
  node: HTMLElement;
  label: HTMLElement;
  line: number;
  column: number;
  head: number;
  quiet: ReturnType<typeof setTimeout> | undefined;
}

export function createRemoteCursors(on: StandaloneEditor): RemoteCursors {
  const carets = new Map<number, Caret>();
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
  const remove = (clientId: number, caret: Caret) => {
    clearTimeout(caret.quiet);
    on.removeContentWidget(caret.widget);
    carets.delete(clientId);
  };
  const create = (clientId: number): Caret => {
    const node = document.createElement("div");
    node.className = "shared-caret";
    const label = document.createElement("span");
    label.className = "shared-caret-name";
    node.append(label);
    const caret: Caret = {
      name: "",
      node,
      label,
      line: 1,
      column: 1,
      head: -1,
      quiet: undefined,
      widget: {
        getId: () => `shared-caret-${clientId}`,
        getDomNode: () => node,
        getPosition: () => ({ position: { lineNumber: caret.line, column: caret.column }, preference: [EXACT] }),
      },
    };
    carets.set(clientId, caret);
    return caret;
  };
  const write = (caret: Caret, isQuiet: boolean) => {
    caret.node.classList.toggle("is-quiet", isQuiet);
    const text = isQuiet ? initialsOf(caret.name) : caret.name;
    if (caret.label.textContent !== text) caret.label.textContent = text;
  };
  const showName = (caret: Caret) => {
    write(caret, false);
    clearTimeout(caret.quiet);
    caret.quiet = setTimeout(() => write(caret, true), NAME_MS);
  };
  const place = (cursor: SharedCursor, head: number, model: editor.ITextModel) => {
    const known = carets.get(cursor.clientId);
    const caret = known ?? create(cursor.clientId);
    const { lineNumber, column } = model.getPositionAt(head);
    caret.node.style.setProperty("--cursor-color", cursor.user.color);
    caret.node.style.setProperty("--cursor-text", textOn(cursor.user.color));
    caret.name = cursor.user.name;
    caret.node.classList.toggle("is-first-line", lineNumber === 1);
    const left = on.getScrolledVisiblePosition({ lineNumber, column })?.left ?? 0;
    caret.node.classList.toggle("is-near-edge", left > on.getLayoutInfo().width - NAME_WIDTH_PX);
    const moved = caret.line !== lineNumber || caret.column !== column;
    if (caret.head !== head) showName(caret);
    else write(caret, caret.node.classList.contains("is-quiet"));
    Object.assign(caret, { line: lineNumber, column, head });
    if (!known) on.addContentWidget(caret.widget);
    else if (moved) on.layoutContentWidget(caret.widget);
  };

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
        place(cursor, head, model);
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
      selections.set(ranges);
    },
    dispose: () => {
      for (const [clientId, caret] of carets) remove(clientId, caret);
      selections.clear();
      document.adoptedStyleSheets = document.adoptedStyleSheets.filter((other) => other !== sheet);
    },
  };
}
