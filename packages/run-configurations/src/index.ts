/** What Run does in a project: its `atelier.json`, and what its files say. Pure: no Node, no DOM; the texts are given. */
import type { RunConfiguration } from "@atelier/contracts";
import { readAtelierFile, unreadAtelierFile } from "./atelier-file.ts";
import { inferConfigurations } from "./inference.ts";
import type { Environment } from "./environment.ts";
import { ATELIER_FILE, type ProjectView } from "./project-view.ts";

export { type AtelierFault, type AtelierFile, readAtelierFile } from "./atelier-file.ts";
export { ATELIER_SCHEMA_PATH, atelierJsonSchema } from "./atelier-schema.ts";
export { type Choice, defaultChoice, type OpenFile } from "./choice.ts";
export { commandLineOf } from "./command-line.ts";
export { type Environment, type KnownLanguage, STANDARD_TOOLS } from "./environment.ts";
export { inferConfigurations } from "./inference.ts";
export { ATELIER_FILE, createProjectView, filesToRead, type ProjectFile, type ProjectView } from "./project-view.ts";

/** What can be run in a project, in the order in which it is offered: its own configurations, then inferred ones of other names. */
export const configurationsOf = (view: ProjectView, environment: Environment): RunConfiguration[] => {
  const text = view.text(ATELIER_FILE);
  if (text === undefined && !view.has(ATELIER_FILE)) return inferConfigurations(view, environment);
  const { configurations, infer } =
    text === undefined ? unreadAtelierFile() : readAtelierFile(text, { view, environment });
  if (!infer) return [...configurations];
  const names = new Set(configurations.map(({ name }) => name));
  return [...configurations, ...inferConfigurations(view, environment).filter(({ name }) => !names.has(name))];
};
