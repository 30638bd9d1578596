/** A row of keys that phone keyboards hide or lack, shown above the keyboard while code is typed: Tab, brackets, arrows, undo. */
import { ArrowDown, ArrowLeft, ArrowRight, ArrowRightToLine, ArrowUp, Redo2, Undo2 } from "lucide-react";
import { type ReactNode, useEffect, useState } from "react";
import { useStore } from "zustand";
import type { EditorAction } from "../features/editor/index.ts";
import { useApp } from "./services.ts";

type Key = { readonly label: string; readonly shown: ReactNode; readonly action: EditorAction };

const icon = (Icon: typeof ArrowUp): ReactNode => <Icon size={18} aria-hidden />;
const sign = (text: string, label: string): Key => ({ label, shown: text, action: { kind: "type", text } });

const KEYS: readonly Key[] = [
  { label: "Tab", shown: icon(ArrowRightToLine), action: { kind: "tab" } },
  { label: "Undo", shown: icon(Undo2), action: { kind: "undo" } },
  { label: "Left", shown: icon(ArrowLeft), action: { kind: "left" } },
  { label: "Right", shown: icon(ArrowRight), action: { kind: "right" } },
  { label: "Up", shown: icon(ArrowUp), action: { kind: "up" } },
  { label: "Down", shown: icon(ArrowDown), action: { kind: "down" } },
  sign("(", "Opening parenthesis"),
  sign(")", "Closing parenthesis"),
  sign("[", "Opening bracket"),
  sign("]", "Closing bracket"),
  sign("{", "Opening brace"),
  sign("}", "Closing brace"),
  sign('"', "Double quote"),
  sign("'", "Single quote"),
  sign(":", "Colon"),
  sign(";", "Semicolon"),
  sign("=", "Equals sign"),
  sign("<", "Less than"),
  sign(">", "Greater than"),
  sign("_", "Underscore"),
  { label: "Redo", shown: icon(Redo2), action: { kind: "redo" } },
];

/** Whether the code editor has the focus. */
const useCodeFocus = (): boolean => {
  const [isFocused, setFocused] = useState(false);
  useEffect(() => {
    const look = (): void => {
      const { activeElement } = document;
      setFocused(
        activeElement?.closest("#editor") !== null && activeElement?.matches("textarea, [role=textbox]") === true,
      );
    };
    // The next element gets the focus only after the event.
    const lookSoon = (): void => void setTimeout(look);
    addEventListener("focusin", look);
    addEventListener("focusout", lookSoon);
    return () => {
      removeEventListener("focusin", look);
      removeEventListener("focusout", lookSoon);
    };
  }, []);
  return isFocused;
};

export const KeyRow = () => {
  const { editor, layout, tabs } = useApp();
  const isCode = useStore(layout, ({ pane }) => pane === "code");
  const isReadOnly = useStore(tabs, ({ saves, shown }) => saves.get(shown ?? "")?.kind === "read-only");
  const isFocused = useCodeFocus();
  if (!isCode || !isFocused || isReadOnly) return null;
  return (
    <div role="toolbar" aria-label="Keys" className="key-row">
      {KEYS.map(({ label, shown, action }) => (
        <button
          key={label}
          className="key-row-key"
          aria-label={label}
          // Keeps the focus where it is, so that the phone's keyboard stays open.
          onPointerDown={(event) => event.preventDefault()}
          onMouseDown={(event) => event.preventDefault()}
          onClick={() => editor.act(action)}
        >
          {shown}
        </button>
      ))}
    </div>
  );
};
