/** Converts a thrown value to a problem, without details of other errors. */
import { Problem } from "#kernel/problem";

const RETRY_AFTER_SECONDS = 2;

type HttpError = { readonly statusCode?: unknown; readonly code?: unknown };

/** Problems are returned unchanged; errors of the HTTP library get Atelier's codes; anything else is server/internal. */
export const toProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  const { statusCode, code } = (typeof error === "object" && error !== null ? error : {}) as HttpError;
  if (statusCode === 413 || code === "FST_ERR_CTP_BODY_TOO_LARGE") return new Problem("request/too-large");
  if (statusCode === 415) {
    return new Problem("request/unsupported-media-type", "The body has to be application/json.");
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return new Problem("request/invalid", "The request could not be read.");
  }
  return new Problem("server/internal", undefined, { cause: error });
};

/** Retry-After in whole seconds, for 429 and 503. */
export const retryAfter = (problem: Problem): string | undefined => {
  const { retryAfterSeconds } = problem.extra;
  if (retryAfterSeconds !== undefined) return String(Math.max(1, Math.ceil(retryAfterSeconds)));
  return problem.status === 429 || problem.status === 503 ? String(RETRY_AFTER_SECONDS) : undefined;
};
