/** The actions of the console's header, menu and keys: copy, paste, find. */
import { copyText, readClipboard } from "../../app/clipboard.ts";
import { announce } from "../../design/announce.ts";
import { showToast } from "../../design/toasts.ts";
import type { App } from "../../app/services.ts";
import type { ConsoleStore } from "./console-store.ts";
import { plainText } from "./plain-output.ts";

/** Copies the selection, or else all of the output. @returns whether it was copied */
export const copyOutput = async ({ console: store, runs }: App): Promise<boolean> => {
  const { view, hasSelection } = store.getState();
  // All of the output includes what has scrolled out of the terminal.
  const text = view && hasSelection ? view.text() : plainText(runs.getState().output.text());
  const isCopied = await copyText(text);
  if (isCopied) announce(hasSelection ? "Selection copied" : "Output copied");
  else showToast({ text: "The browser does not let this page copy.", tone: "bad" });
  return isCopied;
};

export const pasteIntoProgram = async (store: ConsoleStore, keys: string): Promise<void> => {
  const reading = readClipboard();
  store.getState().view?.paste(reading);
  if ((await reading) !== undefined) return;
  showToast({ text: `The browser does not let this page read the clipboard. ${keys} pastes.` });
};

export const openFind = (store: ConsoleStore): void => store.setState({ isFinding: true });

export const closeFind = (store: ConsoleStore): void => {
  store.setState({ isFinding: false });
  const { view } = store.getState();
  view?.reveal([], 0);
  view?.focus();
};
