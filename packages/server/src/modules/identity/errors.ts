/** The problems that identity answers with. */
import { Problem } from "#kernel/problem";

export const tokenInvalid = (): Problem => new Problem("identity/token-invalid");
export const ticketInvalid = (): Problem => new Problem("identity/ticket-invalid");
export const refreshInvalid = (): Problem => new Problem("identity/refresh-invalid");
/** The same words for an unknown user and a wrong password. */
export const wrongCredentials = (): Problem => new Problem("identity/wrong-credentials");
export const emailTaken = (): Problem => new Problem("identity/email-taken");
export const guestsClosed = (): Problem => new Problem("identity/guests-closed", "Sign in with an account.");
export const adminLinkInvalid = (): Problem => new Problem("identity/admin-link-invalid");
export const tooManyWrongPasswords = (waitSeconds: number): Problem =>
  new Problem("request/rate-limited", "Too many wrong passwords.", {
    retryAfterSeconds: waitSeconds,
  });
