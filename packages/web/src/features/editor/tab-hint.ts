/** Shows how to leave the editor by keyboard, when somebody arrived by keyboard. */
import type { StandaloneEditor } from "./monaco/types.ts";

const SHOWN_MS = 5_000;
/** A focus this soon after a Tab came from it. */
const ARRIVAL_MS = 200;

/** The keys that let Tab leave the editor (Monaco's own), to be shown and to be read out. */
export const tabKeys = (isMac: boolean): { readonly shown: string; readonly spoken: string } =>
  isMac ? { shown: "Ctrl+Shift+M", spoken: "Control Shift M" } : { shown: "Ctrl+M", spoken: "Control M" };

/** Adds the hint to the container; returns what removes it. */
export function createTabHint(editor: StandaloneEditor, container: HTMLElement, isMac: boolean): () => void {
  const keys = tabKeys(isMac).shown;
  const hint = document.createElement("div");
  hint.className = "tab-hint";
  hint.setAttribute("role", "status");
  container.append(hint);
  let tabbedAt = -Infinity;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let moves = false;

  const hide = () => {
    clearTimeout(timer);
    hint.textContent = "";
  };
  const show = () => {
    hint.textContent = moves
      ? `Tab leaves the editor. ${keys} lets it indent.`
      : `Tab indents. ${keys} lets it leave the editor.`;
    clearTimeout(timer);
    timer = setTimeout(hide, SHOWN_MS);
  };
  const tabbed = (event: KeyboardEvent) => {
    if (event.key === "Tab") tabbedAt = event.timeStamp;
  };
  document.addEventListener("keydown", tabbed, true);
  const subscriptions = [
    editor.onDidFocusEditorText(() => {
      if (performance.now() - tabbedAt < ARRIVAL_MS) show();
    }),
    editor.onKeyDown(({ browserEvent: { ctrlKey, shiftKey, code } }) => {
      if (code !== "KeyM" || !ctrlKey || shiftKey !== isMac) return;
      moves = !moves;
      show();
    }),
    editor.onDidBlurEditorText(hide),
    editor.onDidChangeModelContent(hide),
  ];
  return () => {
    document.removeEventListener("keydown", tabbed, true);
    for (const subscription of subscriptions) subscription.dispose();
    clearTimeout(timer);
    hint.remove();
  };
}
