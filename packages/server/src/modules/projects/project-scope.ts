/** Transactions on behalf of a user in one project: the role is checked first, in the same transaction. */
import type { Role } from "@atelier/contracts";
import { isConcurrentModification, type Sql, type Transaction } from "#platform/sql";
import { isId } from "#kernel/ids";
import { noSuchProject } from "./errors.ts";
import { requireAtLeast } from "./roles.ts";

/** The user and the project of an operation. */
export type ProjectUser = { readonly userId: string; readonly projectId: string };

const MOST_TRIES = 3;

type Bounds = ProjectUser & { readonly atLeast: Role };

const requireRole = async (transaction: Transaction, atLeast: Role): Promise<Role> => {
  const [row] = await transaction.query<{ role: Role | null }>("select atelier_role() as role", []);
  return requireAtLeast(row?.role, atLeast);
};

/**
 * Runs a transaction whose rights, project or file may be removed between its statements. PostgreSQL then refuses a statement and the
 * transaction is rolled back: the rights at that moment decide on the response, and with sufficient rights the transaction is retried.
 * @throws Problem projects/no-such-project when not visible, projects/role-too-low below `atLeast`.
 */
export const unlessOvertaken = async <T>(
  sql: Sql,
  { userId, projectId, atLeast }: Bounds,
  run: () => Promise<T>,
): Promise<T> => {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      if (!isConcurrentModification(error)) throw error;
      await sql.transaction({ role: "user", userId, projectId }, (transaction) => requireRole(transaction, atLeast));
      if (tries >= MOST_TRIES) throw error;
    }
  }
};

/**
 * @throws Problem projects/no-such-project when not visible, projects/role-too-low below `atLeast`, also when that changes during the
 * transaction.
 */
export const inProject = async <T>(
  sql: Sql,
  bounds: Bounds,
  work: (transaction: Transaction, role: Role) => Promise<T>,
): Promise<T> => {
  const { userId, projectId, atLeast } = bounds;
  if (!isId(projectId)) throw noSuchProject();
  return unlessOvertaken(sql, bounds, () =>
    sql.transaction({ role: "user", userId, projectId }, async (transaction) =>
      work(transaction, await requireRole(transaction, atLeast)),
    ),
  );
};
