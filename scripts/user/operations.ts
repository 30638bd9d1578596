/** Changes that an operator makes to accounts. Each writes its row of the audit log in the same transaction. */
import { insertInvitation } from "../../packages/server/src/modules/identity/invitations.ts";
import { createId, isId } from "../../packages/server/src/kernel/ids.ts";
import type { OperatorDatabase, OperatorTransaction } from "./operator-database.ts";

const DAY_MS = 24 * 3600 * 1000;

export type ChangedUser = { readonly id: string; readonly name: string; readonly email: string | null };

const record = async (transaction: OperatorTransaction, action: string, target: string | null): Promise<void> => {
  await transaction.query("insert into audit_log (id, action, target) values ($1, $2, $3)", [
    createId(),
    action,
    target,
  ]);
};

/** @returns the token of a new invitation */
export const inviteUser = (database: OperatorDatabase, days: number): Promise<string> =>
  database.transaction(async (transaction) => {
    const token = await insertInvitation(transaction, new Date(Date.now() + days * DAY_MS));
    await record(transaction, "operator.invite", null);
    return token;
  });

const setDisabled =
  (isDisabled: boolean) =>
  (database: OperatorDatabase, who: string): Promise<ChangedUser | undefined> =>
    database.transaction(async (transaction) => {
      // The time of the statement, not of the start of the transaction: servers look for rows later than their last poll.
      const [user] = await transaction.query<ChangedUser>(
        `update users set disabled_at = case when $2 then coalesce(disabled_at, clock_timestamp()) end
         where ${isId(who) ? "id = $1::uuid" : "email = lower($1)"} returning id, name, email`,
        [who, isDisabled],
      );
      if (user !== undefined) await record(transaction, isDisabled ? "operator.disable" : "operator.enable", user.id);
      return user;
    });

/** @param who an email address or an id. @returns undefined when there is no such account */
export const disableUser = setDisabled(true);
export const enableUser = setDisabled(false);
