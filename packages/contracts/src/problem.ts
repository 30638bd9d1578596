/** Every error the API can answer with: one table of codes (RFC 9457 problem details). */
import { z } from "zod";

type ProblemKind = { readonly status: number; readonly title: string; readonly retryable: boolean };

const kind = (status: number, title: string, retryable = false): ProblemKind => ({ status, title, retryable });

/** Code -> status, title and whether the same request may succeed later. docs/errors.md names the same codes. */
export const PROBLEMS = {
  "request/invalid": kind(400, "The request is not valid"),
  "request/too-large": kind(413, "The request body is too large"),
  "request/unsupported-media-type": kind(415, "The content type is not supported"),
  "request/not-found": kind(404, "There is nothing at this address"),
  "request/method-not-allowed": kind(405, "This address does not support that method"),
  "request/rate-limited": kind(429, "Too many requests", true),
  "request/cross-site": kind(403, "Requests from other sites may not change data"),
  "server/internal": kind(500, "The server had an internal error", true),
  "server/unavailable": kind(503, "The server is temporarily unavailable", true),
  "server/stopping": kind(503, "The server is stopping", true),
  "server/storage-full": kind(507, "The server's disk is full: reading works, saving does not"),
  "identity/sign-in-required": kind(401, "Sign in first"),
  "identity/token-invalid": kind(401, "The access token is not valid"),
  "identity/wrong-credentials": kind(401, "The email address or the password is wrong"),
  "identity/refresh-invalid": kind(401, "The sign-in has ended"),
  "identity/email-taken": kind(409, "This email address has an account already"),
  "identity/guests-closed": kind(403, "This server requires an account"),
  "identity/registration-closed": kind(403, "This server does not register new accounts"),
  "identity/invitation-invalid": kind(403, "A valid invitation is needed to create an account"),
  "identity/weak-password": kind(400, "The password is too easy to guess"),
  "identity/ticket-invalid": kind(401, "The ticket is not valid any more"),
  "identity/admin-link-invalid": kind(404, "This link is not valid any more"),
  "projects/no-such-project": kind(404, "There is no such project"),
  "projects/no-such-file": kind(404, "There is no such file"),
  "projects/no-such-version": kind(404, "There is no such version of this file"),
  "projects/no-such-member": kind(404, "There is no such member"),
  "projects/no-such-link": kind(404, "There is no such share link"),
  "projects/no-such-template": kind(404, "There is no such template"),
  "projects/role-too-low": kind(403, "Your role in this project does not allow this"),
  "projects/path-taken": kind(409, "There is already a file or folder at this path"),
  "projects/not-a-folder": kind(409, "A part of this path is a file"),
  "projects/not-a-file": kind(409, "There is a folder at this path"),
  "projects/folder-not-empty": kind(409, "The folder is not empty"),
  "projects/move-under-itself": kind(409, "A folder can't be moved under itself"),
  "projects/version-conflict": kind(412, "The file has a newer version"),
  "projects/idempotency-mismatch": kind(422, "This idempotency key was used with another request"),
  "projects/too-large": kind(413, "The file or the project would be too large"),
  "projects/too-many-files": kind(409, "The project would have too many files"),
  "projects/limit-reached": kind(409, "The maximum number is reached"),
  "projects/content-invalid": kind(400, "The content does not match its encoding"),
  "projects/archive-invalid": kind(422, "The archive is damaged or can't be read safely"),
  "projects/archive-unsupported": kind(415, "Archives of this kind can't be imported"),
  "projects/archive-too-large": kind(413, "The archive is too large, or unpacks to too much"),
  "projects/last-owner": kind(409, "The owner of a project can't be removed or changed"),
  "collaboration/document-unavailable": kind(503, "The live document can't be read right now", true),
  "execution/no-such-execution": kind(404, "There is no such execution"),
  "execution/no-such-language": kind(400, "This server does not have this language"),
  "execution/language-not-ready": kind(503, "This language is still being set up", true),
  "execution/entry-point-missing": kind(400, "The entry point is not among the files"),
  "execution/no-such-configuration": kind(404, "The project has no such run configuration"),
  "execution/configuration-unavailable": kind(409, "This run configuration can't run here"),
  "execution/no-such-webhook": kind(404, "This execution has no webhook"),
  "execution/webhook-refused": kind(400, "Webhooks can't be sent to this URL"),
  "execution/too-many-webhooks": kind(429, "Too many webhooks are waiting to be delivered", true),
  "execution/queue-full": kind(429, "Too many programs are waiting to run", true),
  "execution/limit-too-high": kind(400, "A limit is above what your plan allows"),
  "execution/unavailable": kind(503, "Running is paused; editing and saving work", true),
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The body of every error response (`application/problem+json`). */
export const ProblemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().optional(),
    instance: z.string().optional(),
    code: z.string(),
    retryable: z.boolean(),
    requestId: z.string(),
    /** With projects/version-conflict: the version that is newest now. */
    currentVersion: z.int().optional(),
    /** With request/invalid: what is wrong, a line per field. */
    faults: z.array(z.object({ at: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: "Problem" });
export type ProblemBody = z.infer<typeof ProblemSchema>;
