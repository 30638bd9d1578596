/** What the console's header, its menu and its keys do: copy, paste, find. */
import { copyText, readClipboard } from "../../app/clipboard.ts";
import { announce } from "../../design/announce.ts";
import { showToast } from "../../design/toasts.ts";
import { consoleStore } from "./console-store.ts";
import type { OutputBuffer } from "./output-buffer.ts";
import { plainText } from "./plain-output.ts";

/** Copies what is selected, else all of the output. @returns whether it is on the clipboard */
export const copyOutput = async (output: OutputBuffer): Promise<boolean> => {
  const { view, hasSelection } = consoleStore.getState();
  // All of it means also what has scrolled out of the terminal.
  const text = view && hasSelection ? view.text() : plainText(output.text());
  const isCopied = await copyText(text);
  if (isCopied) announce(hasSelection ? "Selection copied" : "Output copied");
  else showToast({ text: "The browser does not let this page copy.", tone: "bad" });
  return isCopied;
};

export const pasteIntoProgram = async (keys: string): Promise<void> => {
  const reading = readClipboard();
  consoleStore.getState().view?.paste(reading);
  if ((await reading) !== undefined) return;
  showToast({ text: `The browser does not let this page read the clipboard. ${keys} pastes.` });
};

export const openFind = (): void => consoleStore.setState({ isFinding: true });

export const closeFind = (): void => {
  consoleStore.setState({ isFinding: false });
  const { view } = consoleStore.getState();
  view?.reveal(undefined);
  view?.focus();
};
