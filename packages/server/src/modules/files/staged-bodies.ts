/** The rows of bodies that were committed with their metadata and wait to be moved into the blob store. */
import type { Transaction } from "#platform/sql";

export type StagedBody = { readonly storageKey: string; readonly sealed: Uint8Array };

export const oldestStaged = async (transaction: Transaction, limit: number): Promise<StagedBody[]> => {
  const rows = await transaction.query<{ storage_key: string; sealed: Buffer }>(
    "select storage_key, sealed from blob_staging order by created_at limit $1",
    [limit],
  );
  return rows.map((row) => ({ storageKey: row.storage_key, sealed: row.sealed }));
};

export const removeStaged = async (transaction: Transaction, storageKeys: readonly string[]): Promise<void> => {
  if (storageKeys.length === 0) return;
  await transaction.query("delete from blob_staging where storage_key = any ($1)", [storageKeys]);
};
