/** The interface of identity for other modules. */
import type { Actor } from "#kernel/actor";
import type { User } from "@atelier/contracts";

/** The interface of identity for other modules. */
export interface Identity {
  /** The actor of an access token (JWT). @throws Problem identity/token-invalid. */
  authenticateToken(accessToken: string): Promise<Actor>;
  /** Uses up a ticket. @throws Problem identity/ticket-invalid. */
  redeemTicket(ticket: string): Promise<Actor>;
  /** The user of a sign-in; undefined: it has ended, or the account is disabled. */
  actorOf(signInId: string): Promise<Actor | undefined>;
  /** The sign-ins of the list that have ended or expired, or whose account is disabled. */
  endedSignIns(signInIds: readonly string[]): Promise<readonly string[]>;
  /** The user of a refresh token, which is not rotated; undefined: the token is not valid. */
  findByRefreshToken(refreshToken: string): Promise<{ readonly actor: Actor; readonly user: User } | undefined>;
  /** Names for ids; unknown ids are left out. */
  namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  getUser(userId: string): Promise<User | undefined>;
}
