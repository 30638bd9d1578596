/** What other modules may ask identity. */
import type { Actor } from "#kernel/actor";
import type { User } from "@atelier/contracts";

/** What other modules may ask identity. */
export interface Identity {
  /** The actor behind an access token (JWT). @throws Problem identity/token-invalid. */
  authenticateToken(accessToken: string): Promise<Actor>;
  /** Uses up a ticket. @throws Problem identity/ticket-invalid. */
  redeemTicket(ticket: string): Promise<Actor>;
  /** Those of the sign-ins that have ended or expired, or whose account is disabled. */
  endedSignIns(signInIds: readonly string[]): Promise<readonly string[]>;
  /** Who holds this refresh token, which is looked at and not used up; undefined: nobody (any more). */
  findByRefreshToken(refreshToken: string): Promise<{ readonly actor: Actor; readonly user: User } | undefined>;
  /** Names for ids; unknown ids are left out. */
  namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  getUser(userId: string): Promise<User | undefined>;
}
