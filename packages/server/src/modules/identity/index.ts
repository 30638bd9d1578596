/** Users and their authentication: guests, accounts, sign-ins, access tokens and tickets. */
export { identitySettings } from "./config.ts";
export type { Identity } from "./identity.ts";
export { createIdentityHousekeeping } from "./housekeeping.ts";
export { registerIdentityHttp } from "./http.ts";
export { insertInvitation } from "./invitations.ts";
export type { AccountUsage, PasswordRules, Passwords } from "./ports.ts";
export { refreshCookieName } from "./refresh-cookie.ts";
export { createIdentity, type IdentityService } from "./service.ts";
