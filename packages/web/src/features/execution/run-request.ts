/** The request with which the page starts a run, and the files that it collects. */
import type { Language, Project, StartExecution } from "@atelier/contracts";

/** Everything except folders that tools make for themselves. */
const KEPT_GLOBS = [
  "**",
  ...["node_modules", ".git", "__pycache__", ".pytest_cache", ".mypy_cache", ".venv", "venv", "target", ".cache"].map(
    (folder) => `!**/${folder}/**`,
  ),
  ...["*.pyc", "*.o", ".DS_Store", "core"].map((name) => `!**/${name}`),
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
