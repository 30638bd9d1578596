/** The invitations table: each row is for one account, and has only the hash of the token. */
import type { Transaction } from "#platform/sql";
import { createHash, randomBytes } from "node:crypto";

const hashOf = (token: string): Buffer => createHash("sha256").update(token).digest();

/** Creates an invitation. @returns its token, which is shown once */
export const insertInvitation = async (transaction: Transaction, expiresAt: Date): Promise<string> => {
  const token = randomBytes(24).toString("base64url");
  await transaction.query("insert into invitations (hash, expires_at) values ($1, $2)", [hashOf(token), expiresAt]);
  return token;
};

/**
 * Uses the invitation up; of several concurrent callers only one gets true. A rollback of the caller's transaction makes it valid again.
 */
export const takeInvitation = async (transaction: Transaction, token: string, nowMs: number): Promise<boolean> => {
  const rows = await transaction.query("delete from invitations where hash = $1 and expires_at > $2 returning hash", [
    hashOf(token),
    new Date(nowMs),
  ]);
  return rows.length === 1;
};
