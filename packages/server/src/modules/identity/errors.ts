/** The problems that identity answers with. */
import { Problem } from "#kernel/problem";

export const tokenInvalid = (): Problem => new Problem("identity/token-invalid");
export const ticketInvalid = (): Problem => new Problem("identity/ticket-invalid");
export const refreshInvalid = (): Problem => new Problem("identity/refresh-invalid");
/** The same message for an unknown user and a wrong password. @param userId the account that was tried, for the audit log */
export const wrongCredentials = (userId?: string): Problem =>
  new Problem("identity/wrong-credentials", undefined, userId === undefined ? {} : { auditUserId: userId });
/** A refresh token was used a second time. */
export const refreshReused = (userId: string): Problem =>
  new Problem("identity/refresh-invalid", undefined, { auditUserId: userId });
export const registrationClosed = (): Problem =>
  new Problem("identity/registration-closed", "Ask the operator of this server for an account.");
export const invitationInvalid = (): Problem =>
  new Problem(
    "identity/invitation-invalid",
    "An account on this server needs an invitation. Open the link of an unused invitation.",
  );
export const weakPassword = (reason: string): Problem =>
  new Problem("identity/weak-password", reason, { faults: [{ at: "body.password", message: reason }] });
export const emailTaken = (): Problem => new Problem("identity/email-taken");
export const guestsClosed = (): Problem => new Problem("identity/guests-closed", "Sign in with an account.");
export const adminLinkInvalid = (): Problem => new Problem("identity/admin-link-invalid");
export const tooManyWrongPasswords = (waitSeconds: number): Problem =>
  new Problem("request/rate-limited", "Too many wrong passwords.", {
    retryAfterSeconds: waitSeconds,
  });
