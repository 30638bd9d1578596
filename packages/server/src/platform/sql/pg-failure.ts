/** Classifies failures of PostgreSQL. */
import { Problem } from "#kernel/problem";

/** Lost or refused connections: Node's codes and the server's (SQLSTATE classes 08 and 57P); also waits that took too long. */
const UNREACHABLE =
  /^(?:08...|57P0[1-5]|57014|55P03|53[234]00|25P0[34]|ECONN.+|EPIPE|ENOENT|ETIMEDOUT|EHOSTUNREACH|ENOTFOUND|EAI_AGAIN|EMFILE)$/u;
/** The driver gives some connection losses no code. */
const UNREACHABLE_TEXT =
  /connection terminated|not queryable|timeout exceeded when trying to connect|client was closed/iu;

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" ? code : "";
};

/** True when the same transaction may succeed if it is run again: a serialization failure or a deadlock. */
export const isConflict = (error: unknown): boolean => ["40001", "40P01"].includes(codeOf(error));

/** True when a read-only transaction tried to write. */
export const isReadOnlyRefusal = (error: unknown): boolean => codeOf(error) === "25006";

/**
 * True when a statement was refused because something that an earlier statement of the transaction saw has changed: rights checked by
 * row-level security (42501), a referenced row (23503), or a row that was invisible for a moment (23505).
 */
export const isConcurrentModification = (error: unknown): boolean =>
  ["42501", "23503", "23505"].includes(codeOf(error));

/** Thrown by code that detects such a change itself. */
export const concurrentModification = (what: string): Error => Object.assign(new Error(what), { code: "42501" });

/** True when values can't be stored, so that a retry is useless. */
export const isDataRefusal = (error: unknown): boolean => /^2[23]/u.test(codeOf(error));

/** True when a unique index refused the row. @param constraint its name; any when left out. */
export const isUniqueViolation = (error: unknown, constraint?: string): boolean =>
  codeOf(error) === "23505" &&
  (constraint === undefined || (error as { constraint?: string }).constraint === constraint);

/** Converts an error of the database to a Problem; other errors are returned unchanged. */
export const toFailure = (error: unknown): unknown => {
  if (error instanceof Problem) return error;
  const code = codeOf(error);
  if (code === "53100") return new Problem("server/storage-full", undefined, { cause: error });
  const text = error instanceof Error ? error.message : "";
  if (UNREACHABLE.test(code) || UNREACHABLE_TEXT.test(text) || isConflict(error)) {
    return new Problem("server/unavailable", undefined, { retryAfterSeconds: 1, cause: error });
  }
  return error;
};
