/** A text area over the server's first code: accepts keys before Monaco is loaded, then hands its text over. */
import "./early-editor.css";
import type { EditorAction } from "./editor-action.ts";
import { carryOver, changesBetween } from "./minimal-change.ts";
import type { EditorPreferences } from "./ports.ts";
import { mapOffset } from "./text-changes.ts";

/** The state of the early surface when Monaco replaced it. */
export interface Carried {
  text: string;
  /** UTF-16 offsets; equal when nothing is selected. */
  anchor: number;
  head: number;
  /** CSS pixels. */
  scrollTop: number;
  scrollLeft: number;
  focused: boolean;
}

export interface EarlyEditor {
  /** Text that was typed before any file was shown goes into the first one, whatever its content is. */
  show(id: string, text: string, options: ShowOptions): void;
  /** The text of a file that was shown here, as the reader left it. */
  textOf(id: string): string | undefined;
  rename(from: string, to: string): void;
  setIndentation(preferences: Pick<EditorPreferences, "insertSpaces" | "tabSize">): void;
  focus(): void;
  act(action: EditorAction): void;
  reveal(line: number, column: number): void;
  /** The state of one file; undefined if it was never shown here. */
  carry(id: string): Carried | undefined;
  /** Shows a permanent message with a button that reloads the page. */
  say(text: string): void;
  /** Resolves when no input method is in the middle of a word. */
  composed(): Promise<void>;
  dispose(): void;
}

interface ShowOptions {
  label: string;
  readOnly: boolean;
  /** There is no text yet: the surface says so. */
  isOpening?: boolean;
}

interface EarlyFile {
  text: string;
  anchor: number;
  head: number;
  scrollTop: number;
  scrollLeft: number;
}

const CARET_MOVES = {
  left: ["backward", "character"],
  right: ["forward", "character"],
  up: ["backward", "line"],
  down: ["forward", "line"],
} as const;
const OPENING = "Opening…";

/**
 * Replaces the server's `<pre>` in the host by the early surface, which takes over its focus. `onEdit` is called for every change by
 * the user.
 */
export function createEarlyEditor(host: HTMLElement, onEdit: (id: string) => void): EarlyEditor {
  const root = document.createElement("div");
  root.className = "early-editor";
  const lines = document.createElement("div");
  lines.className = "early-lines";
  lines.setAttribute("aria-hidden", "true");
  const numbers = lines.appendChild(document.createElement("div"));
  const area = document.createElement("textarea");
  area.className = "early-text";
  Object.assign(area, { spellcheck: false, autocapitalize: "off", autocomplete: "off", wrap: "off" });
  area.setAttribute("autocorrect", "off");
  area.setAttribute("aria-label", "Code");
  root.append(lines, area);

  const files = new Map<string, EarlyFile>();
  let shownId: string | undefined;
  let composing = false;
  let lineCount = 0;
  let indent = "    ";

  const number = () => {
    let count = 1;
    for (let at = area.value.indexOf("\n"); at >= 0; at = area.value.indexOf("\n", at + 1)) count += 1;
    if (count === lineCount) return;
    lineCount = count;
    numbers.textContent = Array.from({ length: count }, (_, index) => index + 1).join("\n");
  };
  const remember = () => {
    if (shownId === undefined) return;
    const backward = area.selectionDirection === "backward";
    files.set(shownId, {
      text: area.value,
      anchor: backward ? area.selectionEnd : area.selectionStart,
      head: backward ? area.selectionStart : area.selectionEnd,
      scrollTop: area.scrollTop,
      scrollLeft: area.scrollLeft,
    });
  };
  /** Types for the reader, so that the browser's own undo knows of it. */
  const insert = (text: string) => document.execCommand("insertText", false, text);

  area.addEventListener("input", () => {
    number();
    if (shownId !== undefined) onEdit(shownId);
  });
  area.addEventListener("scroll", () => {
    numbers.style.transform = `translateY(${-area.scrollTop}px)`;
  });
  area.addEventListener("compositionstart", () => (composing = true));
  area.addEventListener("compositionend", () => (composing = false));
  let leaving = false;
  area.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Tab" && !event.shiftKey && !leaving && !area.readOnly) {
      event.preventDefault();
      insert(indent);
    } else if (event.key === "Enter" && !event.shiftKey && !area.readOnly) {
      const start = area.value.lastIndexOf("\n", area.selectionStart - 1) + 1;
      const before = /^[\t ]*/.exec(area.value.slice(start, area.selectionStart))?.[0] ?? "";
      event.preventDefault();
      insert(`\n${before}`);
    }
    leaving = event.key === "Escape";
  });

  const first = host.querySelector("pre");
  const hadFocus = first !== null && document.activeElement === first;
  const firstText = first?.textContent ?? "";
  area.value = firstText;
  // Without a file, typed text could not be assigned to one: the area is read-only and looks like it.
  area.readOnly = firstText === "";
  if (area.readOnly) area.placeholder = OPENING;
  number();
  host.append(root);
  if (first) {
    area.scrollTop = first.scrollTop;
    first.remove();
  }
  if (hadFocus) area.focus({ preventScroll: true });

  return {
    show: (id, given, { label, readOnly, isOpening }) => {
      const text = given.replaceAll(/\r\n?/g, "\n");
      // The server's code may be only the start of a long file: typed text is moved to its position in the whole text.
      const typedAhead = shownId === undefined && !readOnly && area.value !== firstText ? area.value : undefined;
      remember();
      shownId = id;
      const file = files.get(id);
      const ours = typedAhead === undefined ? text : carryOver({ base: firstText, text: typedAhead }, text);
      const value = file?.text ?? ours;
      if (area.value !== value) {
        const moves = changesBetween(area.value, value);
        const [start, end] = [area.selectionStart, area.selectionEnd].map((at) => mapOffset(at, moves, "before"));
        area.value = value;
        if (typedAhead !== undefined) area.setSelectionRange(start ?? 0, end ?? 0);
      }
      area.readOnly = readOnly;
      area.placeholder = isOpening ? OPENING : "";
      area.setAttribute("aria-label", label);
      number();
      if (file) {
        area.setSelectionRange(Math.min(file.anchor, file.head), Math.max(file.anchor, file.head));
        area.scrollTop = file.scrollTop;
        area.scrollLeft = file.scrollLeft;
      } else if (document.activeElement !== area) area.setSelectionRange(0, 0);
      remember();
      if (typedAhead !== undefined) onEdit(id);
    },
    textOf: (id) => (id === shownId ? area.value : files.get(id)?.text),
    rename: (from, to) => {
      remember();
      const file = files.get(from);
      if (!file) return;
      files.delete(from);
      files.set(to, file);
      if (shownId === from) shownId = to;
    },
    setIndentation: ({ insertSpaces, tabSize }) => {
      indent = insertSpaces ? " ".repeat(tabSize) : "\t";
      area.style.tabSize = String(tabSize);
    },
    focus: () => area.focus({ preventScroll: true }),
    act: (action) => {
      if (area.readOnly) return;
      if (document.activeElement !== area) area.focus({ preventScroll: true });
      if (action.kind === "type" || action.kind === "insert") insert(action.text);
      else if (action.kind === "tab") insert(indent);
      else if (action.kind === "undo" || action.kind === "redo") document.execCommand(action.kind);
      else {
        const [alter, unit] = CARET_MOVES[action.kind];
        getSelection()?.modify("move", alter, unit);
      }
    },
    reveal: (line, column) => {
      const before = area.value.split("\n").slice(0, line - 1);
      const offset = before.reduce((sum, { length }) => sum + length + 1, 0) + column - 1;
      area.setSelectionRange(offset, offset);
      area.scrollTop = Math.max(0, (line - 1) * 21 - area.clientHeight / 2);
    },
    carry: (id) => {
      remember();
      const file = files.get(id);
      return file && { ...file, focused: id === shownId && document.activeElement === area };
    },
    say: (text) => {
      const notice = document.createElement("p");
      notice.className = "early-notice";
      notice.setAttribute("role", "alert");
      notice.textContent = text;
      const button = document.createElement("button");
      button.className = "button";
      button.textContent = "Load the page again";
      button.addEventListener("click", () => location.reload());
      notice.append(button);
      root.append(notice);
    },
    composed: () =>
      new Promise((resolve) => {
        if (!composing) return resolve();
        const end = () => resolve();
        area.addEventListener("compositionend", end, { once: true });
        area.addEventListener("blur", end, { once: true });
      }),
    dispose: () => root.remove(),
  };
}
