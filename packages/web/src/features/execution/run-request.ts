/** The request with which the page starts a run, and the files that it collects. */
import { LANGUAGE_BYPRODUCTS } from "virtual:languages/byproducts";
import type { Project, StartExecution } from "@atelier/contracts";
import type { RunOptions } from "./run-choice-store.ts";
import type { RunTarget } from "./run-target.ts";

/** Everything except what tools make for themselves. */
const KEPT_GLOBS = [
  "**",
  ...["**/.git/**", "**/.cache/**", "**/target/**", "**/.DS_Store", "**/core", ...LANGUAGE_BYPRODUCTS].map(
    (glob) => `!${glob}`,
  ),
];

/** Input that is given is all there is: such a run has pipes and no terminal, so that the program meets the input's end. */
const hasInput = ({ stdin, stdinFile }: RunOptions, target: RunTarget): boolean =>
  stdin !== undefined ||
  stdinFile !== undefined ||
  (target.kind === "configuration" && target.configuration.stdin !== undefined);

export const runRequest = (
  project: Pick<Project, "id" | "keepRunFiles">,
  target: RunTarget,
  {
    options = {},
    terminalSize,
  }: { readonly options?: RunOptions | undefined; readonly terminalSize?: StartExecution["terminalSize"] },
): StartExecution => {
  const isTerminal = !hasInput(options, target);
  return {
    projectId: project.id,
    ...(target.kind === "file"
      ? { language: target.language.id, entryPoint: target.path }
      : { configuration: target.configuration.name }),
    ...options,
    tty: isTerminal,
    ...(terminalSize === undefined || !isTerminal ? {} : { terminalSize }),
    ...(project.keepRunFiles ? { collect: KEPT_GLOBS } : {}),
  };
};
