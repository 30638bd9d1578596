/** The rows of documents: the generation and its fence, and, for other nodes, the base version and the checkpointed sequence. */
import type { Transaction } from "#platform/sql";
import { type DocumentRef, Fenced, type Ownership } from "./document-ref.ts";

export type DocumentRow = {
  readonly generation: number;
  /** As last written to the row: the log may have a newer one. */
  readonly baseVersion: number;
  readonly checkpointedSequence: number;
};

export const findDocument = async (
  transaction: Transaction,
  { projectId, fileId }: DocumentRef,
): Promise<DocumentRow | undefined> => {
  const [row] = await transaction.query<{
    generation: number;
    base_version: number;
    checkpointed_sequence: number;
  }>("select generation, base_version, checkpointed_sequence from documents where project_id = $1 and file_id = $2", [
    projectId,
    fileId,
  ]);
  return row === undefined
    ? undefined
    : {
        generation: row.generation,
        baseVersion: row.base_version,
        checkpointedSequence: Number(row.checkpointed_sequence),
      };
};

/** Inserts the document, or its next generation, for its owner. @throws Fenced */
export const insertDocument = async (
  transaction: Transaction,
  { ref, generation, fence }: Ownership,
  baseVersion: number,
): Promise<void> => {
  const rows = await transaction.query(
    `insert into documents as d (project_id, file_id, generation, fence, base_version, checkpointed_sequence)
      values ($1, $2, $3, $4, $5, 0)
      on conflict (project_id, file_id) do update
        set generation = excluded.generation, fence = excluded.fence, base_version = excluded.base_version,
          checkpointed_sequence = 0
        where d.fence <= excluded.fence and d.generation <= excluded.generation
      returning d.generation`,
    [ref.projectId, ref.fileId, generation, fence, baseVersion],
  );
  if (rows.length === 0) throw new Fenced();
};

/** Locks the document for its owner until the transaction ends. @throws Fenced */
export const lockDocument = async (transaction: Transaction, owner: Ownership): Promise<void> => {
  const { ref, generation, fence } = owner;
  const rows = await transaction.query(
    "select from documents where project_id = $1 and file_id = $2 and generation = $3 and fence = $4 for update",
    [ref.projectId, ref.fileId, generation, fence],
  );
  if (rows.length === 0) throw new Fenced();
};

/** Ends a generation: the next one has no history yet. @throws Fenced */
export const endGeneration = async (transaction: Transaction, owner: Ownership, baseVersion: number): Promise<void> => {
  await lockDocument(transaction, owner);
  await transaction.query(
    `update documents set generation = generation + 1, base_version = $3, checkpointed_sequence = 0
      where project_id = $1 and file_id = $2`,
    [owner.ref.projectId, owner.ref.fileId, baseVersion],
  );
};

/** @throws Fenced */
export const noteProgress = async (
  transaction: Transaction,
  { ref, generation, fence }: Ownership,
  now: { readonly baseVersion: number; readonly checkpointedSequence: number },
): Promise<void> => {
  const rows = await transaction.query(
    `update documents set base_version = $5, checkpointed_sequence = $6
      where project_id = $1 and file_id = $2 and generation = $3 and fence = $4 returning file_id`,
    [ref.projectId, ref.fileId, generation, fence, now.baseVersion, now.checkpointedSequence],
  );
  if (rows.length === 0) throw new Fenced();
};

/** Counts bytes that the document keeps in its log and snapshots, or no longer keeps. */
export const countHistory = async (
  transaction: Transaction,
  { projectId, fileId }: DocumentRef,
  bytes: number,
): Promise<void> => {
  await transaction.query(
    "update documents set history_bytes = greatest(0, history_bytes + $3) where project_id = $1 and file_id = $2",
    [projectId, fileId, bytes],
  );
};
