/** Guesses when a program waits for a line: it runs, it is quiet, and what it printed last is an unfinished line. */
import { announce } from "../../design/announce.ts";
import { isBusy, type RunStore } from "./run-store.ts";

const QUIET_MS = 350;
const NEWLINE = 10;

export type InputHint = { heard(bytes: Uint8Array): void };

export const watchForInput = (runs: RunStore): InputHint => {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return {
    heard(bytes) {
      clearTimeout(timer);
      if (runs.getState().awaitsInput) runs.setState({ awaitsInput: false });
      if (bytes.length === 0 || bytes.at(-1) === NEWLINE) return;
      timer = setTimeout(() => {
        const { state } = runs.getState();
        if (!isBusy(state)) return;
        runs.setState({ awaitsInput: true });
        announce("The program waits for input.");
      }, QUIET_MS);
    },
  };
};
