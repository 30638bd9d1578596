/** What a previewed page sends to the editor's. The page is hostile: everything is checked. */
import { MAX_PREVIEW_MESSAGE_CHARACTERS, PREVIEW_MARK } from "@atelier/contracts";
import { z } from "zod";

const mark = z.literal(PREVIEW_MARK);
const place = z.string().max(2048);

export const FromPreviewSchema = z.discriminatedUnion("kind", [
  /** A document has begun; `path` is relative to the preview's address, with query and fragment. */
  z.object({ mark, kind: z.literal("ready"), path: place }),
  /** The address of the same document has changed. */
  z.object({ mark, kind: z.literal("moved"), path: place }),
  z.object({
    mark,
    kind: z.literal("log"),
    level: z.enum(["log", "info", "warn", "error", "debug"]),
    text: z.string().max(MAX_PREVIEW_MESSAGE_CHARACTERS),
    /** The file of the project, with its line and column, both from 1. */
    path: place.optional(),
    line: z.int().min(1).optional(),
    column: z.int().min(1).optional(),
  }),
  /** Messages that were left out because there were too many. */
  z.object({ mark, kind: z.literal("dropped"), count: z.int().min(1) }),
]);
export type FromPreview = z.infer<typeof FromPreviewSchema>;
