/** Documents, their log and snapshots in PostgreSQL. */
import { createHash } from "node:crypto";
import { isUniqueViolation, type Sql, type Transaction } from "#platform/sql";
import {
  Fenced,
  type DocumentRef,
  type DocumentRow,
  type DocumentStore,
  type LogEntry,
  type LoggedUpdate,
  type Ownership,
  type Snapshot,
} from "../../ports.ts";
import { trimDocumentLog } from "./log-retention-postgres.ts";

type Row = {
  generation: number;
  base_version: number;
  checkpointed_sequence: string;
  eol: "lf" | "crlf";
  byte_order_mark: boolean;
  saving_sequence: string | null;
  saving_hash: string | null;
};
type SnapshotRow = { sequence: string; fence: string; state_vector: Buffer; checksum: Buffer; state: Buffer };
type LogRow = { sequence: string; fence: string; update: Buffer };

const ROW_COLUMNS =
  "generation, base_version, checkpointed_sequence, eol, byte_order_mark, saving_sequence, saving_hash";

const toRow = (row: Row): DocumentRow => ({
  generation: row.generation,
  baseVersion: row.base_version,
  checkpointedSequence: Number(row.checkpointed_sequence),
  format: { eol: row.eol, byteOrderMark: row.byte_order_mark },
  saving:
    row.saving_sequence === null || row.saving_hash === null
      ? null
      : { sequence: Number(row.saving_sequence), hash: row.saving_hash },
});

const checksum = (state: Uint8Array): Buffer => createHash("sha256").update(state).digest();

/** Locks the document for its owner until the transaction ends. */
const requireOwner = async (transaction: Transaction, { ref, generation, fence }: Ownership): Promise<void> => {
  const rows = await transaction.query(
    "select from documents where project_id = $1 and file_id = $2 and generation = $3 and fence = $4 for update",
    [ref.projectId, ref.fileId, generation, fence],
  );
  if (rows.length === 0) throw new Fenced();
};

/** The newest snapshot whose checksum holds. */
const readSnapshot = async (
  transaction: Transaction,
  ref: DocumentRef,
  generation: number,
  onCorrupt: (ref: DocumentRef, sequence: number) => void,
): Promise<Snapshot | null> => {
  const rows = await transaction.query<SnapshotRow>(
    `select sequence, fence, state_vector, checksum, state from document_snapshots
      where project_id = $1 and file_id = $2 and generation = $3 order by sequence desc limit 2`,
    [ref.projectId, ref.fileId, generation],
  );
  for (const row of rows) {
    if (checksum(row.state).equals(row.checksum))
      return { sequence: Number(row.sequence), state: row.state, stateVector: row.state_vector };
    onCorrupt(ref, Number(row.sequence));
  }
  return null;
};

const readTail = async (
  transaction: Transaction,
  ref: DocumentRef,
  range: { generation: number; after: number },
): Promise<LoggedUpdate[]> => {
  const rows = await transaction.query<LogRow>(
    `select sequence, fence, update from document_log
      where project_id = $1 and file_id = $2 and generation = $3 and sequence > $4 order by sequence`,
    [ref.projectId, ref.fileId, range.generation, range.after],
  );
  let newestFence = 0n;
  return rows
    .filter((row) => {
      const fence = BigInt(row.fence);
      if (fence < newestFence) return false;
      newestFence = fence;
      return true;
    })
    .map((row) => ({ sequence: Number(row.sequence), update: row.update }));
};

const logRows = (entries: readonly LogEntry[], origin: string): unknown[] => [
  entries.map((entry) => entry.owner.ref.projectId),
  entries.map((entry) => entry.owner.ref.fileId),
  entries.map((entry) => entry.owner.generation),
  entries.map((entry) => entry.sequence),
  entries.map((entry) => entry.owner.fence),
  entries.map((entry) => entry.userId),
  entries.map((entry) => entry.clientId),
  entries.map(() => origin),
  entries.map((entry) => entry.update.byteLength),
  Buffer.concat(entries.map((entry) => entry.update)),
];

const insertLogRow = async (transaction: Transaction, entry: LogEntry, origin: "seed" | "external"): Promise<void> => {
  const { ref, generation, fence } = entry.owner;
  await transaction.query(
    `insert into document_log (project_id, file_id, generation, sequence, fence, user_id, client_id, origin, update)
      values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ref.projectId,
      ref.fileId,
      generation,
      entry.sequence,
      fence,
      entry.userId,
      entry.clientId,
      origin,
      Buffer.from(entry.update),
    ],
  );
};

/** @param options.onCorrupt told about a snapshot that does not match its checksum; the one before it is used. */
export const createPostgresDocumentStore = (options: {
  readonly sql: Sql;
  readonly onCorrupt: (ref: DocumentRef, sequence: number) => void;
}): DocumentStore => {
  const { sql } = options;
  const work = <T>(run: (transaction: Transaction) => Promise<T>): Promise<T> => sql.transaction({ role: "jobs" }, run);

  const appendOnce = async (entries: readonly LogEntry[]): Promise<Ownership[]> => {
    const projectIds = [...new Set(entries.map((entry) => entry.owner.ref.projectId))];
    const refused = await sql.transaction({ role: "log", projectIds }, (transaction) =>
      transaction.query<{ refused_project_id: string; refused_file_id: string }>(
        "select refused_project_id, refused_file_id from append_document_log($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        logRows(entries, "edit"),
      ),
    );
    const keys = new Set(refused.map((row) => `${row.refused_project_id}/${row.refused_file_id}`));
    return [...new Set(entries.map((entry) => entry.owner))].filter(({ ref }) =>
      keys.has(`${ref.projectId}/${ref.fileId}`),
    );
  };

  /** After a commit whose outcome never arrived: leaves out what the log holds already. */
  const withoutLogged = async (entries: readonly LogEntry[]): Promise<LogEntry[]> => {
    const held = await work((transaction) =>
      transaction.query<{ place: string }>(
        `select b.place from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::bigint[], $5::bigint[]) with ordinality
            as b (project_id, file_id, generation, sequence, fence, place)
          join document_log l using (project_id, file_id, generation, sequence, fence)`,
        logRows(entries, "edit").slice(0, 5),
      ),
    );
    const places = new Set(held.map((row) => Number(row.place) - 1));
    return entries.filter((_entry, place) => !places.has(place));
  };

  return {
    takeOver: (ref, fence) =>
      work(async (transaction) => {
        const key = [ref.projectId, ref.fileId];
        const [row] = await transaction.query<Row>(
          `update documents set fence = $3 where project_id = $1 and file_id = $2 and fence <= $3 returning ${ROW_COLUMNS}`,
          [...key, fence],
        );
        if (row === undefined) {
          const newer = await transaction.query("select from documents where project_id = $1 and file_id = $2", key);
          if (newer.length > 0) throw new Fenced();
          return undefined;
        }
        const { generation } = row;
        const snapshot = await readSnapshot(transaction, ref, generation, options.onCorrupt);
        const tail = await readTail(transaction, ref, { generation, after: snapshot?.sequence ?? 0 });
        const editors = await transaction.query<{ user_id: string }>(
          `select user_id from document_log
            where project_id = $1 and file_id = $2 and generation = $3 and sequence > $4 and user_id is not null
            group by user_id order by max(sequence)`,
          [...key, generation, row.checkpointed_sequence],
        );
        return { row: toRow(row), snapshot, tail, editorIds: editors.map((editor) => editor.user_id) };
      }),

    create: (owner, seed) =>
      work(async (transaction) => {
        const { ref, generation, fence } = owner;
        const rows = await transaction.query(
          `insert into documents as d
              (project_id, file_id, generation, fence, base_version, checkpointed_sequence, eol, byte_order_mark)
            values ($1, $2, $3, $4, $5, 1, $6, $7)
            on conflict (project_id, file_id) do update
              set generation = excluded.generation, fence = excluded.fence, base_version = excluded.base_version,
                checkpointed_sequence = 1, eol = excluded.eol, byte_order_mark = excluded.byte_order_mark,
                saving_sequence = null, saving_hash = null
              where d.fence <= excluded.fence and d.generation <= excluded.generation
            returning d.generation`,
          [ref.projectId, ref.fileId, generation, fence, seed.baseVersion, seed.format.eol, seed.format.byteOrderMark],
        );
        if (rows.length === 0) throw new Fenced();
        await insertLogRow(
          transaction,
          { owner, sequence: 1, update: seed.update, userId: null, clientId: null },
          "seed",
        );
      }),

    retire: (owner, baseVersion) =>
      work(async (transaction) => {
        await requireOwner(transaction, owner);
        await transaction.query(
          `update documents set generation = generation + 1, base_version = $3, checkpointed_sequence = 0,
              saving_sequence = null, saving_hash = null
            where project_id = $1 and file_id = $2`,
          [owner.ref.projectId, owner.ref.fileId, baseVersion],
        );
      }),

    async append(entries) {
      try {
        return await appendOnce(entries);
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        const missing = await withoutLogged(entries);
        return missing.length === 0 ? [] : appendOnce(missing);
      }
    },

    appendExternal: (entry, owner, now) =>
      work(async (transaction) => {
        await requireOwner(transaction, owner);
        if (entry !== undefined) await insertLogRow(transaction, entry, "external");
        await transaction.query(
          `update documents set base_version = $3, checkpointed_sequence = $4, eol = $5, byte_order_mark = $6,
              saving_sequence = null, saving_hash = null
            where project_id = $1 and file_id = $2`,
          [
            owner.ref.projectId,
            owner.ref.fileId,
            now.baseVersion,
            now.checkpointedSequence,
            now.format.eol,
            now.format.byteOrderMark,
          ],
        );
      }),

    async noteCheckpoint({ ref, generation, fence }, now) {
      const rows = await work((transaction) =>
        transaction.query(
          `update documents set base_version = $5, checkpointed_sequence = $6, saving_sequence = $7, saving_hash = $8
            where project_id = $1 and file_id = $2 and generation = $3 and fence = $4 returning file_id`,
          [
            ref.projectId,
            ref.fileId,
            generation,
            fence,
            now.baseVersion,
            now.checkpointedSequence,
            now.saving?.sequence ?? null,
            now.saving?.hash ?? null,
          ],
        ),
      );
      if (rows.length === 0) throw new Fenced();
    },

    saveSnapshot: (owner, snapshot, loggedBytes) =>
      work(async (transaction) => {
        await requireOwner(transaction, owner);
        const key = [owner.ref.projectId, owner.ref.fileId, owner.generation];
        await transaction.query(
          `insert into document_snapshots
              (project_id, file_id, generation, sequence, fence, state_vector, checksum, state)
            values ($1, $2, $3, $4, $5, $6, $7, $8)
            on conflict (project_id, file_id, generation, sequence) do update
              set fence = excluded.fence, state_vector = excluded.state_vector, checksum = excluded.checksum,
                state = excluded.state, created_at = now()`,
          [
            ...key,
            snapshot.sequence,
            owner.fence,
            Buffer.from(snapshot.stateVector),
            checksum(snapshot.state),
            Buffer.from(snapshot.state),
          ],
        );
        const gone = await transaction.query<{ bytes: number }>(
          `delete from document_snapshots where project_id = $1 and file_id = $2 and generation = $3 and sequence not in
            (select sequence from document_snapshots
              where project_id = $1 and file_id = $2 and generation = $3 order by sequence desc limit 2)
            returning octet_length(state) as bytes`,
          key,
        );
        const more = loggedBytes + snapshot.state.byteLength - gone.reduce((sum, { bytes }) => sum + bytes, 0);
        await transaction.query(
          `update documents set history_bytes = greatest(0, history_bytes + $3)
            where project_id = $1 and file_id = $2`,
          [owner.ref.projectId, owner.ref.fileId, more],
        );
      }),

    trimLog: (ref, mostBytes) => trimDocumentLog(sql, ref, mostBytes),

    async listUncheckpointed(projectId) {
      const rows = await work((transaction) =>
        transaction.query<{ project_id: string; file_id: string }>(
          `select d.project_id, d.file_id from documents d
            where ($1::uuid is null or d.project_id = $1) and (d.saving_sequence is not null or exists (
              select from document_log l where l.project_id = d.project_id and l.file_id = d.file_id
                and l.generation = d.generation and l.sequence > d.checkpointed_sequence))`,
          [projectId ?? null],
        ),
      );
      return rows.map((row) => ({ projectId: row.project_id, fileId: row.file_id }));
    },
  };
};
