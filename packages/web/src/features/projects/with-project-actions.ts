/** The actions on a whole project, whose code is loaded with the first of them. */
import { runLate } from "../../app/run-late.ts";
import type * as projectActions from "./project-actions.ts";

export const withProjectActions = (act: (actions: typeof projectActions) => Promise<void>): void =>
  runLate(() => import("./project-actions.ts"), act, "That could not be done.");
