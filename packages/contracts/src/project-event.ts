/** The messages of `WS /api/projects/:projectId/events`: JSON text frames with a resumable sequence number. */
import { z } from "zod";
import { ExecutionSchema } from "./execution.ts";
import { EntrySchema } from "./file.ts";
import { ProjectSchema } from "./project.ts";
import { IdSchema, RoleSchema } from "./shapes.ts";

export const PresenceSchema = z.object({
  connectionId: z.string(),
  /** `color`: `#rrggbb`, unique among the people present as long as there are enough; servers of older versions send none. */
  user: z.object({ id: IdSchema, name: z.string(), color: z.string().optional() }),
  role: RoleSchema,
  /** The file that this person views; null: none. */
  fileId: IdSchema.nullable(),
});
export type Presence = z.infer<typeof PresenceSchema>;

/** The fields of a project that its owner can change, the same for every user; of two the one with the later `updatedAt` is current. */
export const ProjectFactsSchema = ProjectSchema.pick({
  name: true,
  description: true,
  visibility: true,
  keepRunFiles: true,
  updatedAt: true,
});
export type ProjectFacts = z.infer<typeof ProjectFactsSchema>;

export const ProjectEventSchema = z.discriminatedUnion("type", [
  /** First frame. `resumed` false: missed events can't be replayed; fetch the project and its tree again. */
  z.object({
    type: z.literal("hello"),
    connectionId: z.string(),
    resumed: z.boolean(),
    role: RoleSchema,
    presence: z.array(PresenceSchema),
  }),
  z.object({ type: z.literal("project-changed"), project: ProjectFactsSchema }),
  z.object({ type: z.literal("entries-changed"), entries: z.array(EntrySchema) }),
  z.object({ type: z.literal("entries-removed"), ids: z.array(IdSchema) }),
  z.object({ type: z.literal("presence"), presence: z.array(PresenceSchema) }),
  z.object({ type: z.literal("execution"), execution: ExecutionSchema.omit({ stdout: true, stderr: true }) }),
  /** An image is being built for a run of this project; 100 percent: it is there. */
  z.object({ type: z.literal("image"), id: z.string(), percent: z.int(), step: z.string() }),
  z.object({ type: z.literal("role-changed"), role: RoleSchema }),
]);
export type ProjectEvent = z.infer<typeof ProjectEventSchema>;

/** A frame: an event with its sequence number; reconnect with `?since=<sequence>`. Presence and hello have the number of the last event. */
export const ProjectEventFrameSchema = z.object({ sequence: z.int(), event: ProjectEventSchema });
export type ProjectEventFrame = z.infer<typeof ProjectEventFrameSchema>;

/** The only message of a client: the file that it views. */
export const PresenceUpdateSchema = z.strictObject({ type: z.literal("viewing"), fileId: IdSchema.nullable() });
