/** Turns whatever was thrown into a problem, without telling more than the problem's own words. */
import { Problem } from "#kernel/problem";

const RETRY_AFTER_SECONDS = 2;

type HttpError = { readonly statusCode?: unknown; readonly code?: unknown };

/** Problems stay; refusals of the HTTP library get our codes; anything else is server/internal. */
export const toProblem = (error: unknown): Problem => {
  if (error instanceof Problem) return error;
  const { statusCode, code } = (typeof error === "object" && error !== null ? error : {}) as HttpError;
  if (statusCode === 413 || code === "FST_ERR_CTP_BODY_TOO_LARGE") return new Problem("request/too-large");
  if (statusCode === 415) {
    return new Problem("request/unsupported-media-type", "Bodies are application/json.");
  }
  if (typeof statusCode === "number" && statusCode >= 400 && statusCode < 500) {
    return new Problem("request/invalid", "The request could not be read.");
  }
  return new Problem("server/internal", undefined, { cause: error });
};

/** Retry-After in whole seconds where the status calls for one. */
export const retryAfter = (problem: Problem): string | undefined => {
  const { retryAfterSeconds } = problem.extra;
  if (retryAfterSeconds !== undefined) return String(Math.max(1, Math.ceil(retryAfterSeconds)));
  return problem.status === 429 || problem.status === 503 ? String(RETRY_AFTER_SECONDS) : undefined;
};
