/** Transactions on behalf of somebody in one project: the role is asked first, in the same transaction. */
import type { Role } from "@atelier/contracts";
import type { Sql, Transaction } from "#platform/sql";
import { isId } from "#kernel/ids";
import { noSuchProject } from "../errors.ts";
import type { Asking } from "../ports.ts";
import { requireAtLeast } from "../roles.ts";

/** @throws Problem projects/no-such-project when not visible, projects/role-too-low below `atLeast`. */
export const inProject = async <T>(
  sql: Sql,
  { userId, projectId, atLeast }: Asking & { readonly atLeast: Role },
  work: (transaction: Transaction, role: Role) => Promise<T>,
): Promise<T> => {
  if (!isId(projectId)) throw noSuchProject();
  return sql.transaction({ role: "user", userId, projectId }, async (transaction) => {
    const [row] = await transaction.query<{ role: Role | null }>("select atelier_role() as role", []);
    return work(transaction, requireAtLeast(row?.role, atLeast));
  });
};
