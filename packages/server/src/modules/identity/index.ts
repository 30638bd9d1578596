/** Who somebody is: guests, accounts, sign-ins, access tokens and tickets. */
import type { Actor } from "#kernel/actor";
import type { User } from "@atelier/contracts";

/** What other modules may ask identity. */
export interface Identity {
  /** The actor behind an access token (JWT). @throws Problem identity/token-invalid. */
  authenticateToken(accessToken: string): Promise<Actor>;
  /** Uses up a ticket. @throws Problem identity/ticket-invalid. */
  redeemTicket(ticket: string): Promise<Actor>;
  /** Names for ids; unknown ids are left out. */
  namesOf(userIds: readonly string[]): Promise<ReadonlyMap<string, string>>;
  getUser(userId: string): Promise<User | undefined>;
}
