/** Loads the terminal's code and style, once. */
import { logFault } from "../../app/page-log.ts";

/** @throws when they cannot be loaded; the next call tries again. */
export const loadTerminal = () => import("./terminal.ts");

/** Ahead of the first run. A failure is no error: the run itself loads them again. */
export const preloadTerminal = (load: () => Promise<unknown> = loadTerminal): void => {
  load().catch((error: unknown) => logFault("terminal-not-preloaded", error));
};
