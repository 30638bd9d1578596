/** The rows of tickets: one use within 30 s, stored by hash only. */
import type { Transaction } from "#platform/sql";
import { createHash, randomBytes } from "node:crypto";

const TICKET_LIFE_MS = 30_000;

const hashOf = (ticket: string): Buffer => createHash("sha256").update(ticket).digest();

export const insertTicket = async (
  transaction: Transaction,
  holder: { readonly userId: string; readonly signInId: string; readonly nowMs: number },
): Promise<string> => {
  const ticket = randomBytes(24).toString("base64url");
  await transaction.query("insert into tickets (hash, user_id, sign_in_id, expires_at) values ($1, $2, $3, $4)", [
    hashOf(ticket),
    holder.userId,
    holder.signInId,
    new Date(holder.nowMs + TICKET_LIFE_MS),
  ]);
  return ticket;
};

/** Deletes the ticket; of concurrent callers only one gets its user. */
export const takeTicket = async (
  transaction: Transaction,
  ticket: string,
  nowMs: number,
): Promise<{ readonly userId: string; readonly signInId: string } | undefined> => {
  const [row] = await transaction.query<{ user_id: string; sign_in_id: string; expires_at: Date }>(
    "delete from tickets where hash = $1 returning user_id, sign_in_id, expires_at",
    [hashOf(ticket)],
  );
  if (row === undefined || row.expires_at.getTime() < nowMs) return undefined;
  return { userId: row.user_id, signInId: row.sign_in_id };
};
