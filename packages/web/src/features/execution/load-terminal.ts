/** Loads what only a run needs, once. */
import { logFault } from "../../app/page-log.ts";

/** @throws when they cannot be loaded; the next call tries again. */
export const loadTerminal = () => import("./console-parts.ts");

/** @throws as `loadTerminal` */
export const loadRunEnd = () => import("./run-end.tsx");

/** Ahead of the first run. A failure is no error: the run itself loads them again. */
export const preloadTerminal = (
  load: () => Promise<unknown> = async () => Promise.all([loadTerminal(), loadRunEnd()]),
): void => {
  load().catch((error: unknown) => logFault("terminal-not-preloaded", error));
};
