/** People: guests and registered users, and the bodies of the sign-in routes. */
import { z } from "zod";
import { IdSchema, isPlainText, NameSchema, PlanSchema, textUpTo, TimeSchema } from "./shapes.ts";

export const UserSchema = z
  .object({
    id: IdSchema,
    kind: z.enum(["guest", "registered"]),
    name: z.string(),
    email: z.string().optional(),
    avatar: z.string().optional(),
    plan: PlanSchema,
    createdAt: TimeSchema,
  })
  .meta({ id: "User" });
export type User = z.infer<typeof UserSchema>;

export const MeSchema = UserSchema.extend({
  limits: z.object({ wallMs: z.int(), memoryBytes: z.int(), concurrentExecutions: z.int(), projectBytes: z.int() }),
  usage: z.object({
    projects: z.int(),
    storageBytes: z.int(),
    documentCpuMs: z
      .int()
      .meta({ description: "CPU time in the last hour of the server's work on live documents of own projects" }),
  }),
}).meta({ id: "Me" });
export type Me = z.infer<typeof MeSchema>;

export const SignedInSchema = z
  .object({
    accessToken: z.string(),
    expiresIn: z.int().meta({ description: "Seconds" }),
    user: UserSchema,
  })
  .meta({ id: "SignedIn" });
export type SignedIn = z.infer<typeof SignedInSchema>;

const EmailSchema = z.email().max(254).toLowerCase();
/** Hashed as UTF-8, which would turn every unpaired surrogate into the same character. */
const isWellFormed = (text: string): boolean => text.isWellFormed();
const PasswordSchema = z.string().min(8).max(256).refine(isWellFormed, "No unpaired surrogate.");

const AccountSchema = z.strictObject({ email: EmailSchema, password: PasswordSchema, name: NameSchema });
export const RegisterSchema = AccountSchema.extend({
  invitation: z
    .string()
    .max(200)
    .optional()
    .meta({ description: "The token of an invitation; needed while the server's REGISTRATION is `invite`." }),
});
/** The one-time link for the administrator's account. */
export const AdminAccountSchema = AccountSchema.extend({ token: z.string().max(200) });

/** Who may create an account: anybody, people with an invitation, or nobody. */
export const RegistrationSchema = z.enum(["open", "invite", "off"]);
export type Registration = z.infer<typeof RegistrationSchema>;
export const LoginSchema = z.strictObject({
  email: textUpTo(254).toLowerCase(),
  password: z.string().max(256).refine(isWellFormed, "No unpaired surrogate."),
});
export const UpdateMeSchema = z.strictObject({
  name: NameSchema.optional(),
  avatar: textUpTo(200).optional(),
});
export const TicketSchema = z.object({ ticket: z.string() }).meta({ id: "Ticket" });

/** The database's JSON accepts no NUL character and no unpaired surrogate. The edge has limited the depth. */
const hasPlainTextOnly = (value: unknown): boolean => {
  if (typeof value === "string") return isPlainText(value);
  if (Array.isArray(value)) return value.every(hasPlainTextOnly);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, inner]) => isPlainText(key) && hasPlainTextOnly(inner));
};

/** The edge refuses JSON that is nested deeper. */
export const MAX_JSON_DEPTH = 64;

/** Editor settings and editor state are documents of the page: the server stores them unchanged, up to a size. */
export const PageDocumentSchema = z
  .record(z.string().max(100), z.json())
  .refine(hasPlainTextOnly, "No NUL character and no unpaired surrogate, also in keys.")
  .meta({
    id: "PageDocument",
    description: `A JSON object, nested at most ${MAX_JSON_DEPTH} levels deep. No text or key in it has a NUL character or an unpaired surrogate.`,
    propertyNames: { type: "string", maxLength: 100 },
  });
