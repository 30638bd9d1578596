/** The console's state: its terminal once that is loaded, whether the find bar is open, and how long lines are shown. */
import { createStore, type StoreApi } from "zustand/vanilla";
import { readStored, writeStored } from "../../app/stored.ts";
import type { TerminalView } from "./terminal.ts";

export type ConsoleState = {
  readonly view: TerminalView | undefined;
  readonly hasSelection: boolean;
  readonly isFinding: boolean;
  /** True: long lines are broken between words; false: they scroll sideways. */
  readonly isWrapped: boolean;
  /** Whether Ctrl+Enter asks before it stops a program that is running. */
  readonly asksBeforeRerun: boolean;
};

const UNWRAPPED = "console.unwrapped";
const ASKS = "run.asks";

export type ConsoleStore = StoreApi<ConsoleState>;

export const createConsoleStore = (): ConsoleStore =>
  createStore<ConsoleState>(() => ({
    view: undefined,
    hasSelection: false,
    isFinding: false,
    isWrapped: readStored(UNWRAPPED) === null,
    asksBeforeRerun: readStored(ASKS) !== null,
  }));

export const setWrapped = (store: ConsoleStore, isWrapped: boolean): void => {
  writeStored(UNWRAPPED, isWrapped ? null : "yes");
  store.setState({ isWrapped });
  store.getState().view?.setWrapped(isWrapped);
};

export const setAsksBeforeRerun = (store: ConsoleStore, asksBeforeRerun: boolean): void => {
  writeStored(ASKS, asksBeforeRerun ? "yes" : null);
  store.setState({ asksBeforeRerun });
};
