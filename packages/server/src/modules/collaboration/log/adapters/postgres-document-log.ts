/** The document log as a table of PostgreSQL: entries of all documents are appended in grouped commits. */
import { isUniqueViolation, type Sql, type Transaction } from "#platform/sql";
import { type DocumentRef, Fenced, type Ownership } from "../../document/document-ref.ts";
import type { DocumentLog, LogEntry, LogFacts } from "../ports.ts";
import { trimDocumentLog } from "./postgres-log-retention.ts";

type EntryRow = {
  readonly sequence: string;
  readonly fence: string;
  readonly kind: LogEntry["kind"];
  readonly user_id: string | null;
  readonly client_id: string | null;
  readonly update: Buffer;
  /** Null: an edit, or an entry of an earlier release. */
  readonly facts: LogFacts | null;
};

/** The row carries the newest owner: older owners' appends are refused from this commit on. */
const BEGIN = `
  update documents set fence = $3
    where project_id = $1 and file_id = $2 and generation = $4 and fence <= $3 returning true as begun`;

const READ = `
  select sequence, fence, kind, user_id, client_id, update, facts from document_log
    where project_id = $1 and file_id = $2 and generation = $3 and sequence > $4 order by sequence`;

const APPEND = `
  select refused_project_id, refused_file_id from append_document_log($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`;

const UNWRITTEN = `
  select d.project_id, d.file_id from documents d
    where ($1::uuid is null or d.project_id = $1) and exists (
      select from document_log l where l.project_id = d.project_id and l.file_id = d.file_id
        and l.generation = d.generation and l.sequence > d.checkpointed_sequence and octet_length(l.update) > 0)`;

/** Entries that the log has already. */
const APPENDED = `
  select b.ordinal from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::bigint[], $5::bigint[]) with ordinality
      as b (project_id, file_id, generation, sequence, fence, ordinal)
    join document_log l using (project_id, file_id, generation, sequence, fence)`;

const NOTHING = new Uint8Array();
const updateOf = (entry: LogEntry): Uint8Array => (entry.kind === "checkpoint" ? NOTHING : entry.update);
const isAuthored = (entry: LogEntry): entry is Extract<LogEntry, { readonly userId: string | null }> =>
  entry.kind === "edit" || entry.kind === "external";

/** An array as PostgreSQL reads it. Ids, numbers and kinds need no quotes; the driver would look into each of them. */
const plainArray = (values: readonly (string | number | bigint | null)[]): string =>
  `{${values.map((value) => value ?? "NULL").join(",")}}`;

const keysOf = (entries: readonly LogEntry[]): unknown[] => [
  plainArray(entries.map(({ owner }) => owner.ref.projectId)),
  plainArray(entries.map(({ owner }) => owner.ref.fileId)),
  plainArray(entries.map(({ owner }) => owner.generation)),
  plainArray(entries.map(({ sequence }) => sequence)),
  plainArray(entries.map(({ owner }) => owner.fence)),
];

/** The updates come as one value, because an array of bytea travels as text. */
const valuesOf = (entries: readonly LogEntry[]): unknown[] => [
  ...keysOf(entries),
  plainArray(entries.map((entry) => (isAuthored(entry) ? entry.userId : null))),
  plainArray(entries.map((entry) => (isAuthored(entry) ? entry.clientId : null))),
  plainArray(entries.map(({ kind }) => kind)),
  entries.map((entry) => (entry.kind === "edit" ? null : JSON.stringify(entry.facts))),
  plainArray(entries.map((entry) => updateOf(entry).byteLength)),
  Buffer.concat(entries.map(updateOf)),
];

const toEntry = (row: EntryRow, ref: DocumentRef, generation: number): LogEntry => {
  const owner: Ownership = { ref, generation, fence: BigInt(row.fence) };
  const common = { owner, sequence: Number(row.sequence) };
  const clientId = row.client_id === null ? null : Number(row.client_id);
  const authored = { update: row.update, userId: row.user_id, clientId };
  // An earlier release's seed or external entry is read as an edit: a later entry has the facts.
  if (row.kind === "edit" || row.facts === null) return { ...common, ...authored, kind: "edit" };
  if (row.kind === "external") return { ...common, ...authored, kind: "external", facts: row.facts };
  if (row.kind === "seed") return { ...common, kind: "seed", update: row.update, facts: row.facts };
  return { ...common, kind: "checkpoint", facts: row.facts };
};

/** Leaves out what a replaced owner appended after the next one had begun. */
const withoutReplaced = (rows: readonly EntryRow[]): EntryRow[] => {
  let newestFence = 0n;
  return rows.filter((row) => {
    const fence = BigInt(row.fence);
    if (fence < newestFence) return false;
    newestFence = fence;
    return true;
  });
};

export const createPostgresDocumentLog = (sql: Sql): DocumentLog => {
  const work = <T>(run: (transaction: Transaction) => Promise<T>): Promise<T> => sql.transaction({ role: "jobs" }, run);

  const appendOnce = async (entries: readonly LogEntry[]): Promise<Ownership[]> => {
    const projectIds = [...new Set(entries.map((entry) => entry.owner.ref.projectId))];
    const refused = await sql.transaction({ role: "log", projectIds }, (transaction) =>
      transaction.query<{ refused_project_id: string; refused_file_id: string }>(APPEND, valuesOf(entries)),
    );
    const keys = new Set(refused.map((row) => `${row.refused_project_id}/${row.refused_file_id}`));
    return [...new Set(entries.map((entry) => entry.owner))].filter(({ ref }) =>
      keys.has(`${ref.projectId}/${ref.fileId}`),
    );
  };

  /** After a commit whose outcome never arrived. */
  const withoutAppended = async (entries: readonly LogEntry[]): Promise<LogEntry[]> => {
    const there = await work((transaction) => transaction.query<{ ordinal: string }>(APPENDED, keysOf(entries)));
    const indexes = new Set(there.map((row) => Number(row.ordinal) - 1));
    return entries.filter((_entry, index) => !indexes.has(index));
  };

  return {
    async begin({ ref, generation, fence }) {
      const rows = await work((transaction) =>
        transaction.query(BEGIN, [ref.projectId, ref.fileId, fence, generation]),
      );
      if (rows.length === 0) throw new Fenced();
    },

    async append(entries) {
      try {
        return await appendOnce(entries);
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        const missing = await withoutAppended(entries);
        return missing.length === 0 ? [] : appendOnce(missing);
      }
    },

    async read(ref, { generation, after }) {
      const rows = await work((transaction) =>
        transaction.query<EntryRow>(READ, [ref.projectId, ref.fileId, generation, after]),
      );
      return withoutReplaced(rows).map((row) => toEntry(row, ref, generation));
    },

    truncate: (ref, to) => trimDocumentLog(sql, ref, to),

    async listUnwritten(projectId) {
      const rows = await work((transaction) =>
        transaction.query<{ project_id: string; file_id: string }>(UNWRITTEN, [projectId ?? null]),
      );
      return rows.map((row) => ({ projectId: row.project_id, fileId: row.file_id }));
    },
  };
};
