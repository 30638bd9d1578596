/** The action of Ctrl+S: shows the save state, because the page saves by itself. */
import type { App } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { saveWords } from "./save-words.ts";

/** Shows the save state of the shown file instead of the browser's dialog. */
export const saySaved = (app: App): void => {
  const { saves, shown } = app.tabs.getState();
  const save = saves.get(shown ?? "");
  const words = save ? saveWords(save).text : "There is nothing to save yet";
  const text = save?.kind === "read-only" ? `${words}.` : `${words}. Every change is saved by itself.`;
  showToast({ text, topic: "saved" });
};
