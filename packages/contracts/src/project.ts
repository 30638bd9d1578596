/** Projects, their members and their share links. */
import { z } from "zod";
import {
  GrantedRoleSchema,
  IdSchema,
  NameSchema,
  pageOf,
  RoleSchema,
  textUpTo,
  TimeSchema,
  VisibilitySchema,
} from "./shapes.ts";

export const ProjectSchema = z
  .object({
    id: IdSchema,
    slug: z.string(),
    name: z.string(),
    description: z.string(),
    owner: z.object({ id: IdSchema, name: z.string() }),
    visibility: VisibilitySchema,
    role: RoleSchema,
    createdAt: TimeSchema,
    updatedAt: TimeSchema,
    sizeBytes: z.int(),
    fileCount: z.int(),
    keepRunFiles: z
      .boolean()
      .meta({ description: "Whether the files that the editor's runs write are stored in the project" }),
  })
  .meta({ id: "Project" });
export type Project = z.infer<typeof ProjectSchema>;
export const ProjectPageSchema = pageOf(ProjectSchema).meta({ id: "ProjectPage" });

export const CreateProjectSchema = z.strictObject({
  name: NameSchema,
  description: textUpTo(1000).optional(),
  template: z.string().max(64).optional(),
  visibility: VisibilitySchema.optional(),
});
export const UpdateProjectSchema = z.strictObject({
  name: NameSchema.optional(),
  description: textUpTo(1000).optional(),
  visibility: VisibilitySchema.optional(),
  keepRunFiles: z.boolean().optional(),
});

export const MemberSchema = z
  .object({
    userId: IdSchema,
    name: z.string(),
    role: RoleSchema,
    since: TimeSchema,
    linkId: IdSchema.optional().meta({
      description: "The share link by which the member joined: revoking it removes the member",
    }),
  })
  .meta({ id: "Member" });
export type Member = z.infer<typeof MemberSchema>;
export const PutMemberSchema = z.strictObject({ role: GrantedRoleSchema });

/** A time that the database accepts: it has no year 0, and limits the length of fractions. */
const ExpirySchema = TimeSchema.max(40).refine((time) => !time.startsWith("0000"), "There was no year 0.");
export const CreateLinkSchema = z.strictObject({ role: GrantedRoleSchema, expiresAt: ExpirySchema.optional() });
/** Only the owner sees links; `token` is only in the response that created the link. */
export const ShareLinkSchema = z
  .object({
    id: IdSchema,
    role: GrantedRoleSchema,
    createdAt: TimeSchema,
    expiresAt: TimeSchema.optional().meta({ description: "Absent: it does not expire" }),
    token: z.string().optional(),
    url: z.string().nullable().meta({
      description: "null: the link is older than the storage of tokens; it works, but can't be shown again",
    }),
    people: z.int().meta({ description: "Members who joined, or got a higher role, by this link" }),
  })
  .meta({ id: "ShareLink" });
export type ShareLink = z.infer<typeof ShareLinkSchema>;

/** `name` absent: the original's name with "copy" appended. */
export const ForkProjectSchema = z.strictObject({ name: NameSchema.optional() });
