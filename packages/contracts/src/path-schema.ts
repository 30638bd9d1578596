/** The schema of a project path in requests and responses: the rules of `path.ts`, and their form in the OpenAPI document. */
import { z } from "zod";
import { MAX_PATH_BYTES, MAX_SEGMENT_BYTES, parsePath } from "./path.ts";

/** The rules of `parsePath` that a pattern can express, for the OpenAPI document; lengths in bytes are in the description. */
const SEGMENT_PATTERN = String.raw`(?!\.{1,2}(?:/|$))[^/\\\u0000-\u001f\u007f-\u009f\ud800-\udfff]{1,${MAX_SEGMENT_BYTES}}`;
export const PATH_PATTERN = `^${SEGMENT_PATTERN}(?:/${SEGMENT_PATTERN})*$`;

/** A path in a request; parses to its NFC form. */
export const PathSchema = z
  .string()
  .transform((input, context) => {
    const parsed = parsePath(input);
    if (parsed.ok) return parsed.path;
    context.addIssue({ code: "custom", message: parsed.detail });
    return z.NEVER;
  })
  .meta({
    description:
      "Relative, /-separated, 1-1024 bytes of UTF-8 as Unicode NFC, each part 1-255 bytes; no part named . or .., no backslash, no control character.",
    type: "string",
    minLength: 1,
    maxLength: MAX_PATH_BYTES,
    pattern: PATH_PATTERN,
  });
