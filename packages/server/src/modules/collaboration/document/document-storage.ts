/** Reads and writes the stored parts of a document: its row, its log and its snapshots. */
import type { Sql, Transaction } from "#platform/sql";
import type { DocumentLog, ExternalEntry, LogFacts } from "../log/ports.ts";
import type { Snapshot, Snapshots } from "../snapshot/snapshots.ts";
import type { TextFormat } from "../materialise/text-format.ts";
import { type DocumentRef, Fenced, type Ownership } from "./document-ref.ts";
import { endGeneration, findDocument, insertDocument, noteProgress } from "./document-rows.ts";
import { readHistory, type StoredDocument } from "./stored-document.ts";

export type DocumentStorage = {
  /** Becomes the owner of the document under a newer fence, and reads it. @returns undefined when there is none yet. @throws Fenced */
  open(
    ref: DocumentRef,
    owner: { readonly fence: bigint; readonly ownerId: string },
  ): Promise<StoredDocument | undefined>;
  /** Creates the document, or its next generation, with its seed as the first log entry. @throws Fenced */
  create(
    owner: Ownership,
    seed: { readonly update: Uint8Array; readonly baseVersion: number; readonly format: TextFormat },
  ): Promise<void>;
  /** Ends a generation: the next `create` begins another one with an empty log. @throws Fenced */
  endGeneration(owner: Ownership, baseVersion: number): Promise<void>;
  /** As DocumentLog.append. */
  append: DocumentLog["append"];
  /** Logs a version written from outside, with the document's facts. @throws Fenced */
  logExternal(entry: ExternalEntry): Promise<void>;
  /** Logs the document's facts: before a checkpoint is saved, with that checkpoint. @throws Fenced */
  logFacts(owner: Ownership, sequence: number, facts: LogFacts): Promise<void>;
  /** Writes the base version and the checkpointed sequence to the row. @throws Fenced */
  noteProgress(owner: Ownership, facts: Pick<LogFacts, "baseVersion" | "checkpointedSequence">): Promise<void>;
  /** As Snapshots.save. Facts with a higher sequence have to be in the log before. */
  saveSnapshot(
    owner: Ownership,
    snapshot: Snapshot,
    about: { readonly ownerId: string; readonly loggedBytes: number },
  ): Promise<void>;
  /** Removes the log entries that the snapshots and a version hold, except for the newest `keptBytes`. */
  trimLog(owner: Ownership, keptBytes: number): Promise<void>;
  /** As DocumentLog.listUnwritten. */
  listUncheckpointed(projectId?: string): Promise<DocumentRef[]>;
};

/** Both kept snapshots and a file version hold the updates up to this one. */
const COVERED = `
  select least(d.checkpointed_sequence, coalesce((
      select s.sequence from document_snapshots s
        where s.project_id = d.project_id and s.file_id = d.file_id and s.generation = d.generation
        order by s.sequence desc offset 1 limit 1), 0)) as covered
    from documents d where d.project_id = $1 and d.file_id = $2`;

export const createDocumentStorage = (needs: {
  readonly sql: Sql;
  readonly log: DocumentLog;
  readonly snapshots: Snapshots;
}): DocumentStorage => {
  const { sql, log, snapshots } = needs;
  const work = <T>(run: (transaction: Transaction) => Promise<T>): Promise<T> => sql.transaction({ role: "jobs" }, run);

  return {
    async open(ref, { fence, ownerId }) {
      const row = await work((transaction) => findDocument(transaction, ref));
      if (row === undefined) return undefined;
      const { generation } = row;
      // From here on no other owner can append, so the reads below are consistent.
      await log.begin({ ref, generation, fence });
      const { snapshot, damaged } = await snapshots.newest(ref, { generation, ownerId });
      const entries = await log.read(ref, { generation, after: snapshot?.sequence ?? 0 });
      const history = readHistory(snapshot, entries) ?? null;
      const isNew = entries.length === 0 && damaged === 0 && row.checkpointedSequence === 0;
      const isNoted =
        history?.facts.baseVersion === row.baseVersion &&
        history.facts.checkpointedSequence === row.checkpointedSequence;
      return { generation, history, isNoted, isDamaged: history === null && !isNew };
    },

    async create(owner, { update, baseVersion, format }) {
      await work((transaction) => insertDocument(transaction, owner, baseVersion));
      const facts = { baseVersion, checkpointedSequence: 1, format, saving: null, editorIds: [] };
      const refused = await log.append([{ kind: "seed", owner, sequence: 1, update, facts }]);
      if (refused.length > 0) throw new Fenced();
      await work((transaction) => noteProgress(transaction, owner, facts));
    },

    endGeneration: (owner, baseVersion) => work((transaction) => endGeneration(transaction, owner, baseVersion)),

    append: (entries) => log.append(entries),

    async logExternal(entry) {
      const refused = await log.append([entry]);
      if (refused.length > 0) throw new Fenced();
    },

    async logFacts(owner, sequence, facts) {
      const refused = await log.append([{ kind: "checkpoint", owner, sequence, facts }]);
      if (refused.length > 0) throw new Fenced();
    },

    noteProgress: (owner, facts) => work((transaction) => noteProgress(transaction, owner, facts)),

    saveSnapshot: (...given) => snapshots.save(...given),

    async trimLog({ ref, generation }, keptBytes) {
      const [row] = await work((transaction) =>
        transaction.query<{ covered: number }>(COVERED, [ref.projectId, ref.fileId]),
      );
      if (row !== undefined) await log.truncate(ref, { generation, through: row.covered, keptBytes });
    },

    listUncheckpointed: (projectId) => log.listUnwritten(projectId),
  };
};
