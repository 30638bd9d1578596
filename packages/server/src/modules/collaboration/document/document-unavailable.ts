/** The problem of a document that can't be read or written right now. */
import { Problem } from "#kernel/problem";
import { HomeTaken } from "#platform/homes";

/** @param error the cause; a Problem is returned unchanged */
export const documentUnavailable = (error: unknown): Problem =>
  error instanceof Problem
    ? error
    : new Problem(
        "collaboration/document-unavailable",
        error instanceof HomeTaken ? "The document is open on another server." : undefined,
        { cause: error, retryAfterSeconds: 1 },
      );
