/** Who somebody is: guests, accounts, sign-ins, access tokens and tickets. */
import type { Actor } from "#kernel/actor";
import type { User } from "@atelier/contracts";

export { identitySettings } from "./config.ts";
export { registerIdentityHttp } from "./http.ts";
export type { AccountUsage, Passwords } from "./ports.ts";
export { refreshCookieName } from "./refresh-cookie.ts";
export { createIdentity, type IdentityService } from "./service.ts";

/** What other modules may ask identity. */
export interface Identity {
  /** The actor behind an access token (JWT). @throws Problem identity/token-invalid. */
  authenticateToken(accessToken: string): Promise<Actor>;
  /** Uses up a ticket. @throws Problem identity/ticket-invalid. */
  redeemTicket(ticket: string): Promise<Actor>;
  /** Who holds this refresh token, which is looked at and not used up; undefined: nobody (any more). */
  whoHolds(refreshToken: string): Promise<{ readonly actor: Actor; readonly user: User } | undefined>;
  /** Names for ids; unknown ids are left out. */
  namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  getUser(userId: string): Promise<User | undefined>;
}
