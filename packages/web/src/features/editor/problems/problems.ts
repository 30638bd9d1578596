/** Marks the problems of the shown file. The checker is loaded when a TypeScript file is shown and the page is idle. */
import { monaco } from "../monaco/monaco.ts";
import type { OpenedFile } from "../open-file.ts";
import { EndOfLinePreference } from "../monaco/types.ts";
import type { EditorLog, ProjectSources } from "../ports.ts";
import { type Problem, isCheckerSource, isTypeScript } from "./problem.ts";
import type { ProblemWatch } from "./watch-problems.ts";

const OWNER = "typescript";
/** If the page is not idle for so long, the checker is loaded all the same. */
const IDLE_WITHIN_MS = 5_000;

export interface ProblemsOptions {
  shown: () => OpenedFile | undefined;
  open: () => readonly OpenedFile[];
  sources: ProjectSources | undefined;
  /** Calls the listener with the problems of the shown file; with none while they are not known. */
  tell: (problems: readonly Problem[]) => void;
  log: EditorLog;
}

export interface Problems {
  /** Called when another file is shown, or the shown one was renamed. */
  shownChanged(): void;
  textChanged(file: OpenedFile): void;
  dispose(): void;
}

export function createProblems({ shown, open, sources, tell, log }: ProblemsOptions): Problems {
  let watch: ProblemWatch | undefined;
  let isLoading = false;
  let isDisposed = false;
  let told: { file: OpenedFile | undefined; path: string | undefined } = { file: undefined, path: undefined };

  const mark = ({ model }: OpenedFile, problems: readonly Problem[]): void =>
    monaco.editor.setModelMarkers(
      model,
      OWNER,
      problems.map(({ line, column, endLine, endColumn, severity, code, message }) => ({
        startLineNumber: line,
        startColumn: column,
        endLineNumber: endLine,
        endColumn,
        severity: severity === "error" ? monaco.MarkerSeverity.Error : monaco.MarkerSeverity.Warning,
        code: String(code),
        message,
      })),
    );
  const openTexts = (): ReadonlyMap<string, string> => {
    // A file whose document is not loaded yet is empty in the editor, but not in the project.
    const here = open().filter(({ attached, live, model }) => attached || !live || model.getValueLength() > 0);
    return new Map(
      here
        .filter(({ path }) => isCheckerSource(path))
        .map(({ path, model }) => [path, model.getValue(EndOfLinePreference.LF)]),
    );
  };
  const load = async (): Promise<void> => {
    isLoading = true;
    try {
      await idle();
      const [{ watchProblems }, { startChecker }] = await Promise.all([
        import("./watch-problems.ts"),
        import("./checker-client.ts"),
      ]);
      if (isDisposed) return;
      watch = watchProblems({
        shown: () => shown()?.path,
        openTexts,
        sources,
        startChecker: () => startChecker(),
        tell: (path, problems) => {
          const file = shown();
          if (file?.path !== path) return;
          mark(file, problems);
          tell(problems);
        },
        log,
      });
    } catch (error) {
      // Nothing is checked now; the next TypeScript file tries again.
      log("problems.not-loaded", { error: String(error) });
    }
    isLoading = false;
  };

  return {
    shownChanged: () => {
      const file = shown();
      if (told.file === file && told.path === file?.path) return;
      told = { file, path: file?.path };
      tell([]);
      if (file && !isTypeScript(file.path)) mark(file, []);
      else if (watch) watch.changed();
      else if (file && !isLoading) void load();
    },
    textChanged: ({ path }) => {
      if (isCheckerSource(path)) watch?.changed();
    },
    dispose: () => {
      isDisposed = true;
      watch?.dispose();
    },
  };
}

const idle = (): Promise<void> =>
  new Promise((resolve) => {
    if (typeof requestIdleCallback === "function") requestIdleCallback(() => resolve(), { timeout: IDLE_WITHIN_MS });
    else setTimeout(resolve, 1_000);
  });
