/** Removes parts of logs and snapshots that are no longer needed, in PostgreSQL. */
import type { Sql, Transaction } from "#platform/sql";
import type { DocumentRef } from "../../document/document-ref.ts";
import type { LogRetention } from "../housekeeping.ts";
import type { DocumentLog } from "../ports.ts";

/** Documents, each with the sequence up to which both kept snapshots and a file version hold all updates. */
const COVERED = `
  select d.project_id, d.file_id, d.generation,
      least(d.checkpointed_sequence, coalesce((
        select s.sequence from document_snapshots s
          where s.project_id = d.project_id and s.file_id = d.file_id and s.generation = d.generation
          order by s.sequence desc offset 1 limit 1), 0)) as covered
    from documents d`;
const DOCUMENTS = `${COVERED}
    where $1::uuid is null or (d.project_id, d.file_id) > ($1, $2)
    order by d.project_id, d.file_id limit $3`;

const TRIM = `
  with documents as (
    select * from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::bigint[]) as d (project_id, file_id, generation, covered)),
  aged as (
    select l.project_id, l.file_id, l.generation, l.sequence, l.created_at,
        l.generation < d.generation or l.sequence <= d.covered as is_covered,
        sum(octet_length(l.update)) over (
          partition by l.project_id, l.file_id order by l.generation desc, l.sequence desc) as bytes
      from document_log l join documents d on d.project_id = l.project_id and d.file_id = l.file_id),
  doomed as (
    select * from aged where is_covered and (created_at < $5 or bytes > $6) limit $7)
  delete from document_log l using doomed d
    where l.project_id = d.project_id and l.file_id = d.file_id and l.generation = d.generation and l.sequence = d.sequence
    returning true as gone`;

const TRIM_SNAPSHOTS = `
  delete from document_snapshots s
    using unnest($1::uuid[], $2::uuid[], $3::integer[]) as d (project_id, file_id, generation)
    where s.project_id = d.project_id and s.file_id = d.file_id and s.generation < d.generation and s.created_at < $4`;

const MEASURE = `
  update documents d set history_bytes = m.bytes
    from (
      select k.project_id, k.file_id,
          coalesce((select sum(octet_length(l.update)) from document_log l
            where l.project_id = k.project_id and l.file_id = k.file_id), 0)
          + coalesce((select sum(coalesce(s.bytes, octet_length(s.state))) from document_snapshots s
            where s.project_id = k.project_id and s.file_id = k.file_id), 0) as bytes
        from unnest($1::uuid[], $2::uuid[]) as k (project_id, file_id)) m
    where d.project_id = m.project_id and d.file_id = m.file_id and d.history_bytes <> m.bytes`;

const REMAINS = "select project_id, file_id from document_remains limit 1 for update skip locked";
/** Excludes documents that exist again, as in a restored copy of the database. */
const DELETE_REMAINS = `
  delete from document_log where (project_id, file_id, generation, sequence) in (
      select l.project_id, l.file_id, l.generation, l.sequence from document_log l
        where l.project_id = $1 and l.file_id = $2
          and not exists (select from documents d where d.project_id = $1 and d.file_id = $2)
        limit $3)
    returning true as gone`;

/** Updates removed in one transaction; the next trim removes the rest. */
const ROWS_AT_ONCE = 20_000;

type Covered = { project_id: string; file_id: string; generation: number; covered: number };

/** Trims these documents and measures what is left of them. @returns the number of removed updates */
const trimDocuments = async (
  transaction: Transaction,
  rows: readonly Covered[],
  { before, mostBytes, limit }: { readonly before: Date; readonly mostBytes: number; readonly limit: number },
): Promise<number> => {
  const keys = [rows.map((row) => row.project_id), rows.map((row) => row.file_id), rows.map((row) => row.generation)];
  const covered = rows.map((row) => row.covered);
  const gone = await transaction.query(TRIM, [...keys, covered, before, mostBytes, limit]);
  await transaction.query(TRIM_SNAPSHOTS, [...keys, before]);
  await transaction.query(MEASURE, keys.slice(0, 2));
  return gone.length;
};

/** Trims one document by size; housekeeping trims by age. */
export const trimDocumentLog = (
  sql: Sql,
  { projectId, fileId }: DocumentRef,
  { generation, through, keptBytes }: Parameters<DocumentLog["truncate"]>[1],
): Promise<void> =>
  sql.transaction({ role: "jobs" }, async (transaction) => {
    const row = { project_id: projectId, file_id: fileId, generation, covered: through };
    await trimDocuments(transaction, [row], { before: new Date(0), mostBytes: keptBytes, limit: ROWS_AT_ONCE });
  });

export const createPostgresLogRetention = (sql: Sql): LogRetention => ({
  trim: ({ before, mostBytes, after, documents: page, limit }) =>
    sql.transaction({ role: "jobs" }, async (transaction) => {
      const rows = await transaction.query<Covered>(DOCUMENTS, [after?.projectId ?? null, after?.fileId ?? null, page]);
      const removed = await trimDocuments(transaction, rows, { before, mostBytes, limit });
      const last = rows.at(-1);
      // A full batch: the same documents may have more.
      const next =
        removed === limit
          ? after
          : rows.length < page || last === undefined
            ? undefined
            : { projectId: last.project_id, fileId: last.file_id };
      return { removed, next, isWhole: removed < limit && next === undefined };
    }),

  removeRemains: (limit) =>
    sql.transaction({ role: "jobs" }, async (transaction) => {
      const [found] = await transaction.query<{ project_id: string; file_id: string }>(REMAINS);
      if (found === undefined) return { removed: 0, more: false };
      const key = [found.project_id, found.file_id];
      const gone = await transaction.query(DELETE_REMAINS, [...key, limit]);
      if (gone.length < limit) {
        await transaction.query(
          `delete from document_snapshots s where s.project_id = $1 and s.file_id = $2
            and not exists (select from documents d where d.project_id = $1 and d.file_id = $2)`,
          key,
        );
        await transaction.query("delete from document_remains where project_id = $1 and file_id = $2", key);
      }
      return { removed: gone.length, more: true };
    }),
});
