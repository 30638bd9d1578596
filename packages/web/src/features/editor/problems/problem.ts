/** A type or syntax error of a file, as the page shows it. */
export interface Problem {
  /** 1-based, in UTF-16 units. */
  line: number;
  column: number;
  endLine: number;
  endColumn: number;
  severity: "error" | "warning";
  /** TypeScript's number of the message. */
  code: number;
  /** May have several lines. */
  message: string;
}

/** A message from the page to the type checker's worker. */
export type CheckerRequest =
  | { kind: "update"; paths?: readonly string[]; texts: readonly TextUpdate[] }
  | { kind: "check"; id: number; path: string };

/** `null`: the file cannot be read; `undefined`: request its text again. */
export type TextUpdate = readonly [path: string, text: string | null | undefined];

/** The result of a check, or the files whose texts it needs first. */
export type CheckResult = { kind: "problems"; problems: Problem[] } | { kind: "wanted"; paths: string[] };

export type CheckerAnswer = { id: number } & (CheckResult | { kind: "failed"; reason: string });

/** Whether the types of this file are checked. */
export function isTypeScript(path: string): boolean {
  return /\.(?:ts|tsx|mts|cts)$/iu.test(path);
}

/** Whether a check of another file may read this one. */
export function isCheckerSource(path: string): boolean {
  return isTypeScript(path) || /\.json$/iu.test(path);
}
