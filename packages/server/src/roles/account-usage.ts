/** What GET /api/me shows of a user's limits and usage, asked of the modules that keep them. */
import { PLAN_LIMITS } from "#execution";
import type { AccountUsage } from "#identity";
import type { Sql } from "#platform/sql";

const GIB = 1024 ** 3;
const PROJECT_BYTES = { free: GIB, premium: 10 * GIB, enterprise: 100 * GIB } as const;

export const createAccountUsage = (sql: Sql): AccountUsage => ({
  limitsOf(plan) {
    const { run, concurrent } = PLAN_LIMITS[plan];
    return {
      wallMs: run.wallMs,
      memoryBytes: run.memoryBytes,
      concurrentExecutions: concurrent,
      projectBytes: PROJECT_BYTES[plan],
    };
  },
  usageOf: (userId) =>
    sql.transaction({ role: "user", userId }, async (transaction) => {
      const [row] = await transaction.query<{ projects: number; bytes: number }>(
        `select count(*) as projects, coalesce(sum(size_bytes), 0)::bigint as bytes
         from projects where owner_id = $1 and deleted_at is null`,
        [userId],
      );
      return { projects: Number(row?.projects ?? 0), storageBytes: Number(row?.bytes ?? 0) };
    }),
});
