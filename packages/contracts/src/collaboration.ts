/** Live documents: their facts, who has them open, and the awareness state of the page. */
import { z } from "zod";
import { IdSchema, RoleSchema, TimeSchema } from "./shapes.ts";

export const DocumentFactsSchema = z.object({
  generation: z.int(),
  role: RoleSchema,
  readOnly: z.boolean(),
  /** Why the document is read-only; `role`: the user may only view it. */
  reason: z.enum(["role", "binary", "too-large", "log-unavailable"]).optional(),
  eol: z.enum(["lf", "crlf"]),
});
export type DocumentFacts = z.infer<typeof DocumentFactsSchema>;

/** The awareness state that the page sets; other clients may set any object. The server replaces `user` by the connection's account. */
export const AwarenessStateSchema = z.object({
  user: z.object({ id: z.string().max(64), name: z.string().max(100), color: z.string().max(32) }),
  /** Yjs relative positions as JSON. */
  selection: z.object({ anchor: z.json(), head: z.json() }).nullable().optional(),
});
export type AwarenessState = z.infer<typeof AwarenessStateSchema>;

const PersonSchema = z.object({
  userId: IdSchema,
  name: z.string(),
  color: z.string(),
  role: RoleSchema,
  since: TimeSchema,
});

/** `since` is the time of the earliest open connection. */
export const LiveSessionsSchema = z
  .object({
    documents: z.array(
      z.object({
        fileId: IdSchema,
        path: z.string(),
        /** Each person once. */
        participants: z.array(PersonSchema.extend({ connections: z.int() })),
      }),
    ),
    /** Each person of the project once, with the documents that the person has open. */
    people: z.array(
      PersonSchema.extend({
        files: z.array(z.object({ fileId: IdSchema, path: z.string(), since: TimeSchema, connections: z.int() })),
      }),
    ),
  })
  .meta({ id: "LiveSessions" });
export type LiveSessions = z.infer<typeof LiveSessionsSchema>;
