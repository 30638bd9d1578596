/** Opens the project's `atelier.json`; makes one that says what Run does now. */
import { type RunConfiguration, routes } from "@atelier/contracts";
import { errorText } from "../../app/api-problem.ts";
import type { App } from "../../app/services.ts";
import { showToast } from "../../design/toasts.ts";
import { entryAt, withChanged } from "../files/entries.ts";
import { openFile } from "../files/open-file.ts";
import { openProjectOf } from "../projects/project-store.ts";
import { entryPointOf } from "./run-target.ts";

const NAME = "atelier.json";

const written = ({
  name,
  command,
  language,
  entryPoint,
  compile,
  args,
  env,
  stdin,
  port,
  folder,
}: RunConfiguration) => ({
  name,
  ...(command === undefined ? { language, entryPoint } : { command }),
  ...(compile === undefined ? {} : { compile }),
  ...(args.length === 0 ? {} : { args }),
  ...(Object.keys(env).length === 0 ? {} : { env }),
  ...(stdin === undefined ? {} : { stdin }),
  ...(port === undefined ? {} : { port }),
  ...(folder === undefined ? {} : { folder }),
});

/** What Run does now, as an `atelier.json`. */
export const atelierText = (app: App): string => {
  const { current } = app.runChoice.getState();
  const entry = entryPointOf(app);
  const run = current
    ? written(current)
    : entry
      ? { name: entry.path, language: entry.language.id, entryPoint: entry.path }
      : { name: "Run", command: "echo hello" };
  return `${JSON.stringify({ run: [run] }, null, 2)}\n`;
};

export const editAtelierFile = (app: App): void => {
  const project = openProjectOf(app.projects);
  if (project === undefined) return;
  const there = entryAt(app.files.getState().entries, NAME);
  if (there) {
    openFile(app, there.id);
    return;
  }
  const body = { path: NAME, content: atelierText(app) };
  app.call(routes.createFile, { params: { projectId: project.id }, body }).then(
    (file) => {
      app.files.setState(({ entries }) => ({ entries: withChanged(entries, [file]) }));
      openFile(app, file.id);
    },
    (error: unknown) => showToast({ text: errorText(error), tone: "bad" }),
  );
};
