/** A user's limits and usage for GET /api/me, from the modules that count them. */
import { PLAN_LIMITS } from "#execution";
import type { DocumentCpu } from "#collaboration";
import type { AccountUsage } from "#identity";
import type { Sql } from "#platform/sql";

/** @param needs.projectBytes the size limit of a project; the same on every plan */
export const createAccountUsage = ({
  sql,
  documentCpu,
  projectBytes,
}: {
  readonly sql: Sql;
  readonly documentCpu: Pick<DocumentCpu, "lastHourMs">;
  readonly projectBytes: number;
}): AccountUsage => ({
  limitsOf(plan) {
    const { run, concurrent } = PLAN_LIMITS[plan];
    return {
      wallMs: run.wallMs,
      memoryBytes: run.memoryBytes,
      concurrentExecutions: concurrent,
      projectBytes,
    };
  },
  async usageOf(userId) {
    const [owned, documentCpuMs] = await Promise.all([
      sql.transaction({ role: "user", userId }, async (transaction) => {
        const [row] = await transaction.query<{ projects: number; bytes: number }>(
          `select count(*) as projects, coalesce(sum(size_bytes), 0)::bigint as bytes
           from projects where owner_id = $1 and deleted_at is null`,
          [userId],
        );
        return { projects: Number(row?.projects ?? 0), storageBytes: Number(row?.bytes ?? 0) };
      }),
      documentCpu.lastHourMs(userId),
    ]);
    return { ...owned, documentCpuMs };
  },
});
