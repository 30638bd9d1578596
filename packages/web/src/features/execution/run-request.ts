/** The request with which the page starts a run, and the files that it collects. */
import { LANGUAGE_BYPRODUCTS } from "virtual:languages/byproducts";
import type { Language, Project, StartExecution } from "@atelier/contracts";

/** Everything except what tools make for themselves. */
const KEPT_GLOBS = [
  "**",
  ...["**/.git/**", "**/.cache/**", "**/target/**", "**/.DS_Store", "**/core", ...LANGUAGE_BYPRODUCTS].map(
    (glob) => `!${glob}`,
  ),
];

export const runRequest = (
  project: Pick<Project, "id" | "keepRunFiles">,
  entry: {
    readonly path: string;
    readonly language: Pick<Language, "id">;
    readonly terminalSize?: StartExecution["terminalSize"];
  },
): StartExecution => ({
  projectId: project.id,
  language: entry.language.id,
  entryPoint: entry.path,
  tty: true,
  ...(entry.terminalSize === undefined ? {} : { terminalSize: entry.terminalSize }),
  ...(project.keepRunFiles ? { collect: KEPT_GLOBS } : {}),
});
