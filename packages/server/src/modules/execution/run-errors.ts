/** Where a run failed, by the error patterns of the languages, in bounded time: the output is hostile. */
import { basename, extname } from "node:path/posix";
import type { Clock } from "#kernel/clock";
import { plainText, type RunError } from "@atelier/contracts";
import type { ErrorFinder } from "@atelier/contracts/error-positions";
import type { Ending } from "./execution-state.ts";
import type { LiveExecution } from "./live-execution.ts";

type FailedRun = { readonly facts: Pick<LiveExecution["facts"], "language" | "entryPoint"> } & Pick<
  LiveExecution,
  "lastOutput"
>;

/** Finds the errors in the output of a run that is about to end. */
export type RunErrorSearch = (
  live: FailedRun,
  run: { readonly ending: Ending; readonly paths: readonly string[] },
) => RunError[];

/** The end of the output, where programs and compilers say what failed. */
const READ_BYTES = 65_536;
const MOST_LINES = 1000;
/** After this no further line is searched; the longest line takes a few milliseconds more. */
const BUDGET_MS = 10;
/** Of a larger project only files whose names are in the output are compared with it. */
const ALL_PATHS = 200;
const MOST_PATHS = 1000;

const FAILURES: ReadonlySet<Ending["status"]> = new Set(["failed", "compile-failed", "killed"]);

/** A printed path or module name ends in one of these words. */
const WORDS = /[\w@+~-]{1,255}/gu;

/** The files whose names, without extension, are words of the text. */
const namedIn = (text: string, paths: readonly string[]): readonly string[] => {
  if (paths.length <= ALL_PATHS) return paths;
  const words = new Set(text.match(WORDS));
  return paths
    .filter(
      (path) =>
        basename(path, extname(path))
          .match(WORDS)
          ?.every((word) => words.has(word)) === true,
    )
    .slice(0, MOST_PATHS);
};

export const createRunErrorSearch =
  ({
    finder,
    clock,
  }: {
    readonly finder: () => ErrorFinder;
    readonly clock: Pick<Clock, "monotonic">;
  }): RunErrorSearch =>
  (live, { ending, paths }) => {
    if (!FAILURES.has(ending.status)) return [];
    const text = plainText(live.lastOutput(READ_BYTES)).split("\n").slice(-MOST_LINES).join("\n");
    const endMs = clock.monotonic() + BUDGET_MS;
    const { language, entryPoint } = live.facts;
    return finder().findErrors(text, namedIn(text, paths), {
      started: { language, entryPoint },
      isOver: () => clock.monotonic() >= endMs,
    });
  };
