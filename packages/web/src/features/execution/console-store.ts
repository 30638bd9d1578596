/** The console's own state: its terminal once that is loaded, whether it is being searched, and how it shows long lines. */
import { createStore } from "zustand/vanilla";
import { readStored, writeStored } from "../../app/stored.ts";
import type { TerminalView } from "./terminal.ts";

export type ConsoleState = {
  readonly view: TerminalView | undefined;
  readonly hasSelection: boolean;
  readonly isFinding: boolean;
  /** Long lines are broken between words; else they scroll sideways. */
  readonly isWrapped: boolean;
  /** Whether the key that runs asks before it stops a program that runs already. */
  readonly asksBeforeRerun: boolean;
};

const UNWRAPPED = "console.unwrapped";
const ASKS = "run.asks";

/** There is one console in a page. */
export const consoleStore = createStore<ConsoleState>(() => ({
  view: undefined,
  hasSelection: false,
  isFinding: false,
  isWrapped: readStored(UNWRAPPED) === null,
  asksBeforeRerun: readStored(ASKS) !== null,
}));

export const setWrapped = (isWrapped: boolean): void => {
  writeStored(UNWRAPPED, isWrapped ? null : "yes");
  consoleStore.setState({ isWrapped });
  consoleStore.getState().view?.setWrapped(isWrapped);
};

export const setAsksBeforeRerun = (asksBeforeRerun: boolean): void => {
  writeStored(ASKS, asksBeforeRerun ? "yes" : null);
  consoleStore.setState({ asksBeforeRerun });
};
