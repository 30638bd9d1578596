/** Vim's keys in the editor. Loaded when they are first chosen. */
import { initVimMode } from "monaco-vim";
import "./vim.css";
import type { StandaloneEditor } from "./types.ts";

/** Returns what ends it. */
export function startVim(editor: StandaloneEditor, container: HTMLElement): () => void {
  const line = document.createElement("div");
  line.className = "vim-line";
  container.append(line);
  container.classList.add("has-vim-line");
  const vim = initVimMode(editor, line);
  return () => {
    vim.dispose();
    line.remove();
    container.classList.remove("has-vim-line");
  };
}
