/** The console's context menu. */
import { Check, ClipboardPaste, Copy, Eraser, Search, TextSelect } from "lucide-react";
import { useStore } from "zustand";
import { useApp } from "../../app/services.ts";
import { isApple } from "../../app/platform.ts";
import { ContextMenu, type MenuPosition } from "../../design/context-menu.tsx";
import { MenuItem } from "../../design/menu.tsx";
import { copyOutput, openFind, pasteIntoProgram } from "./console-actions.ts";
import { setAsksBeforeRerun } from "./console-store.ts";
import { clearOutput } from "./run-view.ts";

const PASTE_KEYS = isApple ? "⌘V" : "Ctrl+V";

export type ConsoleMenuProps = {
  readonly at: MenuPosition;
  /** Whether a program runs that the user may type to. */
  readonly isActive: boolean;
  readonly onClose: () => void;
};

export const ConsoleMenu = ({ at, isActive, onClose }: ConsoleMenuProps) => {
  const app = useApp();
  const { view, hasSelection, asksBeforeRerun } = useStore(app.console);
  return (
    <ContextMenu label="Output" at={at} onClose={onClose}>
      <MenuItem
        icon={<Copy size={15} />}
        label={hasSelection ? "Copy" : "Copy all"}
        hint={isApple ? "⌘C" : "Ctrl+Shift+C"}
        onChoose={() => void copyOutput(app)}
      />
      {isActive && (
        <MenuItem
          icon={<ClipboardPaste size={15} />}
          label="Paste"
          hint={PASTE_KEYS}
          onChoose={() => void pasteIntoProgram(app.console, PASTE_KEYS)}
        />
      )}
      <MenuItem icon={<TextSelect size={15} />} label="Select all" onChoose={() => view?.selectAll()} />
      <div className="menu-rule" />
      <MenuItem
        icon={<Search size={15} />}
        label="Find"
        hint={isApple ? "⌘F" : "Ctrl+F"}
        onChoose={() => openFind(app.console)}
      />
      <MenuItem icon={<Eraser size={15} />} label="Clear" onChoose={() => clearOutput(app)} />
      <div className="menu-rule" />
      <button
        type="button"
        role="menuitemcheckbox"
        aria-checked={asksBeforeRerun}
        tabIndex={-1}
        className="menu-item"
        onClick={() => setAsksBeforeRerun(app.console, !asksBeforeRerun)}
      >
        <Check size={15} style={{ visibility: asksBeforeRerun ? "visible" : "hidden" }} aria-hidden />
        <span className="menu-item-label">Ask before running again</span>
      </button>
    </ContextMenu>
  );
};
