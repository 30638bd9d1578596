/** Finds the command of a key event, except for keys that a running program reads. */
import { isBusy } from "../../features/execution/run-store.ts";
import type { App } from "../services.ts";
import type { Command } from "./command-registry.ts";

/** Does a program read the keyboard there? Then it gets what the page does not need. */
const isForProgram = ({ runs }: App, target: EventTarget | null): boolean =>
  isBusy(runs.getState().state) && target instanceof Element && target.closest(".run-terminal") !== null;

/** The command that a key event in the page starts, if any. */
export const commandForKey = (app: App, event: KeyboardEvent): Command | undefined => {
  const command = app.commands.forKey(event);
  return command && (command.overProgram === true || !isForProgram(app, event.target)) ? command : undefined;
};
