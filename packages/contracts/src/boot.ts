/** What the server puts into the first HTML response, so that the page can show real code before any request of its own. */
import { z } from "zod";
import { LanguageSchema } from "./execution.ts";
import { EntrySchema } from "./file.ts";
import { ProjectSchema } from "./project.ts";
import { RegistrationSchema, UserSchema } from "./user.ts";

/** Where index.html takes the boot JSON and the pre-rendered code. */
export const BOOT_MARKER = "<!--atelier:boot-->";
export const CODE_MARKER = "<!--atelier:code-->";
/**
 * How the built index.html names its own assets (`"/assets/entry-abc.js"`): the server writes `ASSET_BASE_URL`, or else
 * `BASE_PATH`, in front of each. Scripts and styles find each other relatively and need no change.
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
  /** Empty, or `/name` without a slash at the end: goes in front of `/api` and of every page. */
  basePath: z.string(),
  /** Empty: assets come from our own origin. */
  assetBaseUrl: z.string(),
  /** False: nobody becomes a guest, show the sign-in form instead. */
  guests: z.boolean(),
  /** Who may make an account; with `invite` the page asks for an invitation. */
  registration: RegistrationSchema,
  languages: z.array(LanguageSchema),
  /** On `/` and `/new/:template`: the program in front of the visitor; no account was made for it. None for a stranger without `guests`. */
  sample: z.object({ language: z.string(), path: z.string(), content: z.string() }).optional(),
  /** On `/p/:slug`, when the refresh cookie's user may see it; with `entries` and, where one can be opened, `file`. */
  project: ProjectSchema.optional(),
  entries: z.array(EntrySchema).optional(),
  file: z.object({ id: z.string(), path: z.string(), content: z.string(), version: z.int() }).optional(),
  /** The user behind the refresh cookie, which was looked at and not used up: `POST /api/auth/refresh` still comes first. */
  user: UserSchema.optional(),
  /** On `/p/:slug` without a project that this visitor may see. Without `user`, a sign-in may still change that. */
  notFound: z.boolean().optional(),
  tier: TierSchema,
  execution: z.object({
    available: z.boolean(),
    reason: z.string().optional(),
    /** The image or the tools are still being set up: `GET /api/languages` tells when programs can run. */
    isPreparing: z.boolean().optional(),
  }),
});
export type Boot = z.infer<typeof BootSchema>;
