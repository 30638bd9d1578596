/** Small shapes that several resources share. */
import { z } from "zod";

/** Parses to lower case, because locks, maps and events compare ids as text. */
export const IdSchema = z.uuid().toLowerCase();
export const TimeSchema = z.iso.datetime().meta({ description: "ISO 8601, UTC" });
export const RoleSchema = z.enum(["owner", "editor", "viewer"]);
export type Role = z.infer<typeof RoleSchema>;
/** What a share link can grant. */
export const GrantedRoleSchema = z.enum(["editor", "viewer"]);
export type GrantedRole = z.infer<typeof GrantedRoleSchema>;
export const VisibilitySchema = z.enum(["private", "unlisted", "public"]);
export type Visibility = z.infer<typeof VisibilitySchema>;
export const PlanSchema = z.enum(["free", "premium", "enterprise"]);
export type Plan = z.infer<typeof PlanSchema>;

/** The position at which a list continues: the `nextCursor` of the previous page. */
export const CursorSchema = z
  .string()
  .max(200)
  .regex(/^[\w-]+$/u, "Use nextCursor of the previous page.");

/** A page of a list; `nextCursor` is absent on the last one. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({ items: z.array(item), nextCursor: CursorSchema.optional() });

/**
 * Text that every store keeps unchanged: well-formed Unicode without NUL. It is a pattern, so that the OpenAPI document has the same
 * rule; with the flag `u` a surrogate pair is one character, which the class does not match.
 */
// oxlint-disable-next-line no-control-regex -- NUL is exactly what is refused
const PLAIN_TEXT = /^[^\u0000\ud800-\udfff]*$/u;
export const isPlainText = (text: string): boolean => PLAIN_TEXT.test(text);
/** A text that is shown to people, such as a description; file contents are bytes and have their own rules. */
export const textUpTo = (most: number) =>
  z.string().max(most).regex(PLAIN_TEXT, "No NUL character and no unpaired surrogate.");

/** Display names: no control characters, so that nothing can be forged in a log or a label. */
export const NameSchema = z
  .string()
  .trim()
  .min(1)
  .max(100)
  // oxlint-disable-next-line no-control-regex -- control characters are what is refused
  .regex(/^[^\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]*$/u, "No control characters.")
  .regex(PLAIN_TEXT, "No unpaired surrogate.");

/** A version number; the maximum is that of the database's integers. */
export const VersionNumberSchema = z.int().min(1).max(2_147_483_647);
