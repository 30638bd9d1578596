/** Bodies that wait in the staging table. */
import type { Sql } from "#platform/sql";
import type { StagedBlobs } from "../ports.ts";

export const createSqlStagedBlobs = (sql: Sql): StagedBlobs => ({
  async oldest(limit) {
    const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ storage_key: string; sealed: Buffer }>(
        "select storage_key, sealed from blob_staging order by created_at limit $1",
        [limit],
      ),
    );
    return rows.map((row) => ({ storageKey: row.storage_key, sealed: row.sealed }));
  },
  async remove(storageKeys) {
    if (storageKeys.length === 0) return;
    await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query("delete from blob_staging where storage_key = any ($1)", [storageKeys]),
    );
  },
});
