/** An action of the phone's key row in the editor, or text that was typed in another field for it. */

/** `type` acts like a key: brackets are closed and typed over. `insert` inserts the text unchanged. */
export type EditorAction =
  | { readonly kind: "type" | "insert"; readonly text: string }
  | { readonly kind: "tab" | "undo" | "redo" | "left" | "right" | "up" | "down" };

/** Monaco's commands for actions without text. */
export const ACTION_COMMANDS = {
  tab: "tab",
  undo: "undo",
  redo: "redo",
  left: "cursorLeft",
  right: "cursorRight",
  up: "cursorUp",
  down: "cursorDown",
} as const satisfies Record<Exclude<EditorAction["kind"], "type" | "insert">, string>;
