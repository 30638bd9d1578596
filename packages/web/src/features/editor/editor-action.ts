/** What a key of the phone's row does in the editor, and text that was typed elsewhere for it. */

/** `type` is a key: brackets close and step over themselves. `insert` is text as it is. */
export type EditorAction =
  | { readonly kind: "type" | "insert"; readonly text: string }
  | { readonly kind: "tab" | "undo" | "redo" | "left" | "right" | "up" | "down" };

/** Monaco's commands for those without a text. */
export const ACTION_COMMANDS = {
  tab: "tab",
  undo: "undo",
  redo: "redo",
  left: "cursorLeft",
  right: "cursorRight",
  up: "cursorUp",
  down: "cursorDown",
} as const satisfies Record<Exclude<EditorAction["kind"], "type" | "insert">, string>;
