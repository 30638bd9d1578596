/** The problem of a document that can't be read or written right now. */
import { Problem } from "#kernel/problem";
import { HomeTaken } from "#platform/homes";

/** @param error what prevents it; a Problem is returned as it is */
export const documentUnavailable = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem(
        "collaboration/document-unavailable",
        error instanceof HomeTaken ? "The document is open on another server." : undefined,
        { cause: error, retryAfterSeconds: 1 },
      );
