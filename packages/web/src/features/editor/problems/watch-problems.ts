/** Checks the shown TypeScript file whenever it, or a file that it depends on, may have changed. */
import type { EditorLog, ProjectSources } from "../ports.ts";
import type { CheckerClient } from "./checker-client.ts";
import { type Problem, type TextUpdate, isCheckerSource, isTypeScript } from "./problem.ts";

/** A check begins after so long without changes. */
const QUIET_MS = 400;
/** Limits on the project files that are read for checks; a file beyond them counts as one that cannot be read. */
const MAX_FILES = 300;
const MAX_FILE_BYTES = 1024 * 1024;
const MAX_BYTES = 8 * 1024 * 1024;
const READ_AT_ONCE = 4;
const MAX_STARTS = 3;

export interface ProblemWatchOptions {
  /** The path of the shown file. */
  shown: () => string | undefined;
  /** The text of the files that are open here, by path. */
  openTexts: () => ReadonlyMap<string, string>;
  sources: ProjectSources | undefined;
  startChecker: () => CheckerClient;
  /** Called with the problems of the shown file; with none while they are not known. */
  tell: (path: string, problems: readonly Problem[]) => void;
  log: EditorLog;
}

export interface ProblemWatch {
  /** Called when another file is shown, an open one was edited, or the project has other files. */
  changed(): void;
  dispose(): void;
}

export function watchProblems(options: ProblemWatchOptions): ProblemWatch {
  const { shown, sources, tell, log } = options;
  let checker: CheckerClient | undefined;
  let starts = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isChecking = false;
  let isDisposed = false;
  /** Increased by each change: a result of an earlier state is dropped. */
  let state = 0;
  /** What the checker has: texts of open files, and of other files with the stamp under which they were read. */
  let open = new Map<string, string>();
  let read = new Map<string, { stamp: string; size: number }>();
  let listed = "";

  const begin = (): CheckerClient => {
    if (checker) return checker;
    starts += 1;
    open = new Map();
    read = new Map();
    listed = "";
    checker = options.startChecker();
    return checker;
  };
  /** Sends the checker what has changed since the last time. */
  const synchronise = (to: CheckerClient): void => {
    const texts = new Map<string, string | undefined>();
    const files = sources?.files() ?? new Map<string, { stamp: string; size: number }>();
    const openNow = new Map([...options.openTexts()].filter(([path]) => isCheckerSource(path)));
    for (const [path, { stamp }] of read) {
      if (files.get(path)?.stamp === stamp) continue;
      read.delete(path);
      texts.set(path, undefined);
    }
    for (const path of open.keys()) if (!openNow.has(path)) texts.set(path, undefined);
    for (const [path, text] of openNow) {
      read.delete(path);
      if (open.get(path) !== text) texts.set(path, text);
    }
    open = openNow;
    const paths = [...new Set([...files.keys(), ...openNow.keys()])];
    const list = paths.join("\n");
    to.update([...texts], list === listed ? undefined : paths);
    listed = list;
  };
  const readOne = async (path: string): Promise<TextUpdate> => {
    const file = sources?.files().get(path);
    const bytes = [...read.values()].reduce((sum, { size }) => sum + size, 0);
    const { stamp, size } = file ?? { stamp: "", size: 0 };
    const isTooMuch = size > MAX_FILE_BYTES || bytes + size > MAX_BYTES || read.size >= MAX_FILES;
    const known = { stamp, size: isTooMuch ? 0 : size };
    read.set(path, known);
    if (!file || isTooMuch) return [path, null];
    try {
      return [path, (await sources?.read(path)) ?? null];
    } catch (error) {
      // Requested again by the next check.
      known.stamp = "not read";
      log("problems.file-not-read", { error: String(error) });
      return [path, null];
    }
  };
  const readAll = async (paths: readonly string[]): Promise<TextUpdate[]> => {
    const results: TextUpdate[] = [];
    for (let at = 0; at < paths.length; at += READ_AT_ONCE) {
      results.push(...(await Promise.all(paths.slice(at, at + READ_AT_ONCE).map(readOne))));
    }
    return results;
  };
  const check = async (path: string): Promise<readonly Problem[] | undefined> => {
    const begun = state;
    const used = begin();
    synchronise(used);
    while (begun === state && !isDisposed) {
      const result = await used.check(path);
      if (result.kind === "problems") return begun === state ? result.problems : undefined;
      used.update(await readAll(result.paths));
    }
    return undefined;
  };
  const run = async (): Promise<void> => {
    const path = shown();
    if (isChecking || isDisposed || path === undefined || !isTypeScript(path)) return;
    isChecking = true;
    const begun = state;
    try {
      const problems = await check(path);
      if (problems) tell(path, problems);
    } catch (error) {
      checker?.dispose();
      checker = undefined;
      if (!isDisposed) {
        log("problems.not-checked", { error: String(error) });
        tell(path, []);
      }
    }
    isChecking = false;
    if (begun !== state) schedule();
  };
  const schedule = (): void => {
    clearTimeout(timer);
    if (!isDisposed && (checker || starts < MAX_STARTS)) timer = setTimeout(() => void run(), QUIET_MS);
  };
  const changed = (): void => {
    state += 1;
    schedule();
  };
  const stopHearing = sources?.onChange(changed);
  changed();
  return {
    changed,
    dispose: () => {
      isDisposed = true;
      clearTimeout(timer);
      stopHearing?.();
      checker?.dispose();
    },
  };
}
