/** What the server puts into the first HTML response, so that the page can show real code before any request of its own. */
import { z } from "zod";
import { LanguageSchema } from "./execution.ts";
import { EntrySchema } from "./file.ts";
import { ProjectSchema } from "./project.ts";
import { RegistrationSchema, UserSchema } from "./user.ts";

/** Markers in index.html that the server replaces by the boot JSON and the pre-rendered code. */
export const BOOT_MARKER = "<!--atelier:boot-->";
export const CODE_MARKER = "<!--atelier:code-->";
/**
 * Prefix of the assets in the built index.html (`"/assets/entry-abc.js"`): the server writes `ASSET_BASE_URL`, or else
 * `BASE_PATH`, in front of it. Scripts and styles refer to each other by relative paths and need no change.
 */
export const ASSETS_PATH = "/assets/";
/** The id of the `<script type="application/json">` that carries the boot JSON. */
export const BOOT_ELEMENT_ID = "boot";
/** The one-time administrator link is `PUBLIC_URL/#admin=<token>`: a fragment never reaches a log. */
export const ADMIN_FRAGMENT = "admin";
/** `#invitation=<token>`: opens the form for a new account. */
export const INVITATION_FRAGMENT = "invitation";

/** The isolation that a probe found; null: nothing can be run here. */
export const TierSchema = z.enum(["microvm", "gvisor", "namespaces"]).nullable();
export type Tier = z.infer<typeof TierSchema>;

export const BootSchema = z.object({
  /** PROTOCOL_VERSION of the server. */
  version: z.int(),
  /** Empty, or `/name` without a slash at the end: the prefix of `/api` and of every page. */
  basePath: z.string(),
  /** Empty: assets come from the server's own origin. */
  assetBaseUrl: z.string(),
  /** False: the server accepts no guests; show the sign-in form instead. */
  guests: z.boolean(),
  /** Who may make an account; with `invite` the page asks for an invitation. */
  registration: RegistrationSchema,
  languages: z.array(LanguageSchema),
  /** On `/` and `/new/:template`: the program that the visitor sees, before any account exists. Absent for a visitor without a sign-in if `guests` is false. */
  sample: z.object({ language: z.string(), path: z.string(), content: z.string() }).optional(),
  /** On `/p/:slug`, when the refresh cookie's user may see it; with `entries` and, where one can be opened, `file`. */
  project: ProjectSchema.optional(),
  entries: z.array(EntrySchema).optional(),
  file: z.object({ id: z.string(), path: z.string(), content: z.string(), version: z.int() }).optional(),
  /** The user of the refresh cookie, which was read but not rotated: the page still has to call `POST /api/auth/refresh`. */
  user: UserSchema.optional(),
  /** On `/p/:slug` when there is no project that this visitor may see. Without `user`, the project may be visible after a sign-in. */
  notFound: z.boolean().optional(),
  tier: TierSchema,
  execution: z.object({
    available: z.boolean(),
    reason: z.string().optional(),
    /** The image or the tools are still being set up: poll `GET /api/languages` until programs can run. */
    isPreparing: z.boolean().optional(),
  }),
});
export type Boot = z.infer<typeof BootSchema>;
