/** Fences from a database sequence: a crash may skip some, none comes twice. */
import type { Sql } from "#platform/sql";
import type { FenceSource } from "../ports.ts";

export const createSequenceFences = (sql: Sql): FenceSource => ({
  async next() {
    const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ fence: number }>("select nextval('document_fence') as fence", []),
    );
    const fence = rows[0]?.fence;
    if (fence === undefined) throw new Error("The sequence gave no fence.");
    return BigInt(fence);
  },
});
