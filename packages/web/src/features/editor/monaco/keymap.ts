/** The editor's keymap: Monaco's own, or Vim's, whose code is loaded when it is first chosen. */
import type { EditorLog, EditorPreferences } from "../ports.ts";
import type { StandaloneEditor } from "./types.ts";

export interface Keymap {
  set(keymap: EditorPreferences["keymap"]): void;
  dispose(): void;
}

/** Vim's line (its mode, and commands such as `:w`) is put at the end of the container. */
export function createKeymap(editor: StandaloneEditor, container: HTMLElement, log: EditorLog): Keymap {
  let wanted: EditorPreferences["keymap"] = "standard";
  let end: (() => void) | undefined;
  const begin = async () => {
    const { startVim } = await import("./vim.ts");
    if (wanted === "vim" && !end) end = startVim(editor, container);
  };
  const leave = () => {
    end?.();
    end = undefined;
  };
  return {
    set: (keymap) => {
      if (keymap === wanted) return;
      wanted = keymap;
      if (keymap === "standard") leave();
      else begin().catch((error: unknown) => log("editor.keymap-not-loaded", { error: String(error) }));
    },
    dispose: () => {
      wanted = "standard";
      leave();
    },
  };
}
