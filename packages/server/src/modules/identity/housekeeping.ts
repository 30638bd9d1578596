/** Deletes what identity no longer needs: expired tickets and invitations, and sign-ins a day after their end. */
import type { HousekeepingTask } from "#platform/housekeeping";
import type { Sql } from "#platform/sql";

const BATCH = 1_000;
const DAY_MS = 24 * 3600 * 1000;

const DELETE_INVITATIONS = `
  delete from invitations where hash in (select hash from invitations where expires_at < $1 limit $2)
    returning true as gone`;

const DELETE_TICKETS = `
  delete from tickets where hash in (select hash from tickets where expires_at < $1 limit $2) returning true as gone`;

/** A token of a deleted sign-in gets the same response as one of an ended sign-in. */
const DELETE_SIGN_INS = `
  delete from sign_ins where id in (
      select id from sign_ins where expires_at < $1 or ended_at < $1 limit $2 for update skip locked)
    returning true as gone`;

export const createIdentityHousekeeping = (sql: Sql): readonly HousekeepingTask[] => {
  const remove = async (statement: string, before: Date) => {
    const rows = await sql.transaction({ role: "identity" }, (transaction) =>
      transaction.query(statement, [before, BATCH]),
    );
    return { removed: rows.length, more: rows.length === BATCH };
  };
  return [
    {
      name: "identity.tickets",
      everyMs: 10 * 60_000,
      step: (nowMs) => remove(DELETE_TICKETS, new Date(nowMs)),
    },
    {
      name: "identity.invitations",
      everyMs: 60 * 60_000,
      step: (nowMs) => remove(DELETE_INVITATIONS, new Date(nowMs)),
    },
    {
      name: "identity.sign-ins",
      everyMs: 60 * 60_000,
      step: (nowMs) => remove(DELETE_SIGN_INS, new Date(nowMs - DAY_MS)),
    },
  ];
};
