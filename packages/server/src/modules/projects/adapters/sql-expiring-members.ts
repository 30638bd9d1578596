/** Members whose share link has expired, in PostgreSQL, over all projects. */
import type { Sql } from "#platform/sql";
import type { ExpiringMembers } from "../ports.ts";

const REMOVE = `
  delete from members where (project_id, user_id) in (
      select project_id, user_id from members where expires_at <= now() and role <> 'owner'
        order by expires_at limit $1 for update skip locked)
    returning project_id, user_id`;

/** By the database's clock, which also decides about rights. */
const NEXT = `
  select (extract(epoch from min(expires_at) - clock_timestamp()) * 1000)::float8 as in_ms
    from members where expires_at > now()`;

export const createSqlExpiringMembers = (sql: Sql): ExpiringMembers => ({
  removeExpired: (limit) =>
    sql.transaction({ role: "jobs" }, async (transaction) => {
      const gone = await transaction.query<{ project_id: string; user_id: string }>(REMOVE, [limit]);
      const [next] = await transaction.query<{ in_ms: number | null }>(NEXT, []);
      return {
        removed: gone.map((row) => ({ projectId: row.project_id, userId: row.user_id })),
        ...(next?.in_ms === undefined || next.in_ms === null ? {} : { nextInMs: Math.max(0, Math.ceil(next.in_ms)) }),
      };
    }),
});
