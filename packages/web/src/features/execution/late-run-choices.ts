/** Loads what a project with more than one thing to run needs, beside the first page. */
import { logFault } from "../../app/page-log.ts";
import type { ProjectScope } from "../../app/project-scope.ts";
import type { App } from "../../app/services.ts";
import { filesOf } from "../files/entries.ts";
import { openProjectOf } from "../projects/project-store.ts";
import { entryPointOf } from "./run-target.ts";

const load = () => import("./run-choices.ts");

/** A run does not wait longer for what it could start; then it starts the open file. */
const WAIT_MS = 3000;

/** Follows the project's configurations once the editor is in place: nothing of this is needed to type. */
export const followChoices = (app: App, scope: ProjectScope): void => {
  app.editor.ready
    .then(load)
    .then(({ followConfigurations }) => {
      if (!scope.isLeft) scope.add(followConfigurations(app));
    })
    .catch((error: unknown) => logFault("run-choices-not-loaded", error));
};

/** Reads them again; what is known stays until then. */
export const refreshChoices = (app: App): void => {
  load()
    .then(({ readConfigurations }) => readConfigurations(app))
    .catch((error: unknown) => logFault("configurations-not-read", error));
};

/** Before the first run of a project: a single program has nothing to choose. */
export const whenChoicesKnown = async (app: App): Promise<void> => {
  if (app.runChoice.getState().configurations !== undefined || openProjectOf(app.projects) === undefined) return;
  if (filesOf(app.files.getState().entries).length <= 1 && entryPointOf(app) !== undefined) return;
  const read = load()
    .then(({ readConfigurations }) => readConfigurations(app))
    .catch((error: unknown) => logFault("configurations-not-read", error));
  await Promise.race([read, new Promise((resolve) => setTimeout(resolve, WAIT_MS))]);
};
