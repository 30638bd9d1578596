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

/** What the page tells the type checker's worker. */
export type CheckerRequest =
  | { kind: "update"; paths?: readonly string[]; texts: readonly TextUpdate[] }
  | { kind: "check"; id: number; path: string };

/** `null` is a file that cannot be read, `undefined` one whose text is to be asked for again. */
export type TextUpdate = readonly [path: string, text: string | null | undefined];

/** What a check has found, or the files whose texts it needs first. */
export type CheckResult = { kind: "problems"; problems: Problem[] } | { kind: "wanted"; paths: string[] };

export type CheckerAnswer = { id: number } & (CheckResult | { kind: "failed"; reason: string });

/** Is this a file whose types are checked? */
export function isTypeScript(path: string): boolean {
  return /\.(?:ts|tsx|mts|cts)$/iu.test(path);
}

/** Does a check of another file read this one? */
export function isCheckerSource(path: string): boolean {
  return isTypeScript(path) || /\.json$/iu.test(path);
}
