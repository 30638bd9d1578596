/** What Run would start now. */
import { firstFile, type Language, type RunConfiguration } from "@atelier/contracts";
import type { App } from "../../app/services.ts";
import { filesOf } from "../files/entries.ts";

export type RunTarget =
  | { readonly kind: "file"; readonly path: string; readonly language: Language }
  | { readonly kind: "configuration"; readonly configuration: RunConfiguration };

/** The language of a file by its extension. */
export const languageOf = (path: string, languages: readonly Language[]): Language | undefined => {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  return languages.find(({ extensions }) =>
    extensions.some((extension) => name.endsWith(extension.startsWith(".") ? extension : `.${extension}`)),
  );
};

/** The path of the shown file. */
export const shownPath = (app: App): string | undefined => {
  const { state } = app.projects.getState();
  return state.kind === "sample"
    ? state.sample.path
    : app.files.getState().entries.get(app.tabs.getState().shown ?? "")?.path;
};

/** The program that is run by itself: the shown file if it is one, else the project's first. */
export const entryPointOf = (app: App): { path: string; language: Language } | undefined => {
  const { entries } = app.files.getState();
  const first = firstFile(entries.values())?.path;
  const paths = [shownPath(app), first, ...filesOf(entries).map(({ path }) => path)];
  for (const path of paths) {
    const language = path === undefined ? undefined : languageOf(path, app.boot.languages);
    if (path !== undefined && language) return { path, language };
  }
  return undefined;
};

/** undefined: there is nothing that could run. */
export const targetOf = (app: App): RunTarget | undefined => {
  const { current } = app.runChoice.getState();
  if (current) return { kind: "configuration", configuration: current };
  const entry = entryPointOf(app);
  return entry && { kind: "file", ...entry };
};

/** As it is said in a title. */
export const targetName = (target: RunTarget | undefined): string =>
  target === undefined ? "" : target.kind === "file" ? target.path : target.configuration.name;
