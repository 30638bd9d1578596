/** Snapshots of documents: compressed, encrypted for the project's owner and stored as blobs; a row each says where, with a checksum. */
import { createHash } from "node:crypto";
import { promisify } from "node:util";
import { deflate, inflate } from "node:zlib";
import * as decoding from "lib0/decoding";
import * as encoding from "lib0/encoding";
import type { BlobStore, Vault } from "#platform/blobs";
import type { Sql, Transaction } from "#platform/sql";
import type { DocumentRef, Ownership } from "../document/document-ref.ts";
import { countHistory, lockDocument } from "../document/document-rows.ts";

/** A state that contains all updates up to `sequence`, and its state vector. */
export type Snapshot = { readonly sequence: number; readonly state: Uint8Array; readonly stateVector: Uint8Array };

/** The newest snapshot that can be read. `damaged`: newer ones that can't be. */
export type FoundSnapshot = { readonly snapshot: Snapshot | null; readonly damaged: number };

export type Snapshots = {
  /**
   * Durable when it resolves; the newest two of the generation are kept.
   * @param ownerId the account that owns the project
   * @param loggedBytes bytes of the updates logged since the last snapshot, to be counted for the document
   * @throws Fenced
   */
  save(
    owner: Ownership,
    snapshot: Snapshot,
    about: { readonly ownerId: string; readonly loggedBytes: number },
  ): Promise<void>;
  /** @throws Error when the store can't be read right now */
  newest(ref: DocumentRef, at: { readonly generation: number; readonly ownerId: string }): Promise<FoundSnapshot>;
  /** Moves snapshots of earlier releases, whose state is in their row, into blobs. @returns how many were looked at */
  moveInline(limit: number): Promise<number>;
};

const KEPT = 2;
/** No document's state is larger: above it a new generation begins. */
const MAX_STATE_BYTES = 256 * 1024 * 1024;

const compress = promisify(deflate);
const decompress = promisify<Uint8Array, { maxOutputLength: number }, Buffer>(inflate);
const sha256 = (bytes: Uint8Array): Buffer => createHash("sha256").update(bytes).digest();

const pack = ({ state, stateVector }: Omit<Snapshot, "sequence">): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeVarUint8Array(encoder, stateVector);
    encoding.writeVarUint8Array(encoder, state);
  });

const unpack = (bytes: Uint8Array): Omit<Snapshot, "sequence"> => {
  const decoder = decoding.createDecoder(bytes);
  const stateVector = decoding.readVarUint8Array(decoder);
  return { stateVector, state: decoding.readVarUint8Array(decoder) };
};

type Row = { readonly sequence: string; readonly checksum: Buffer } & (
  | { readonly state: Buffer; readonly state_vector: Buffer; readonly storage_key: null; readonly wrapped_key: null }
  | { readonly state: null; readonly state_vector: null; readonly storage_key: string; readonly wrapped_key: Buffer }
);
type InlineRow = {
  readonly project_id: string;
  readonly file_id: string;
  readonly generation: number;
  readonly sequence: string;
  readonly owner_id: string;
  readonly checksum: Buffer;
  readonly state: Buffer;
  readonly state_vector: Buffer;
};
type Stored = {
  readonly storageKey: string;
  readonly wrappedKey: Buffer;
  readonly checksum: Buffer;
  readonly bytes: number;
};

const SUPERSEDED = `
  delete from document_snapshots where project_id = $1 and file_id = $2 and generation = $3 and sequence not in
    (select sequence from document_snapshots
      where project_id = $1 and file_id = $2 and generation = $3 order by sequence desc limit ${KEPT})
    returning storage_key, coalesce(bytes, octet_length(state)) as bytes`;

/** One of an earlier release that does not match its checksum. */
const DELETE_INLINE = `
  delete from document_snapshots
    where project_id = $1 and file_id = $2 and generation = $3 and sequence = $4 and state is not null`;

/** @param needs.onDamaged told about a snapshot that can't be opened or does not match its checksum; the one before it is used */
export const createSnapshots = (needs: {
  readonly sql: Sql;
  readonly vault: Vault;
  readonly blobs: BlobStore;
  readonly onDamaged: (ref: DocumentRef, sequence: number) => void;
}): Snapshots => {
  const { sql, vault, blobs } = needs;
  const work = <T>(run: (transaction: Transaction) => Promise<T>): Promise<T> => sql.transaction({ role: "jobs" }, run);

  /** Durable before any row names it. */
  const store = async (ownerId: string, content: Omit<Snapshot, "sequence">): Promise<Stored> => {
    const packed = pack(content);
    const compressed = await compress(packed);
    const hash = sha256(compressed).toString("hex");
    const { storageKey, wrappedKey, sealed } = vault.seal(ownerId, compressed, hash);
    await blobs.put(storageKey, sealed);
    return {
      storageKey,
      wrappedKey: Buffer.from(wrappedKey),
      checksum: sha256(packed),
      bytes: sealed.byteLength,
    };
  };

  /** Undefined: damaged. */
  const load = async (row: Row, ownerId: string): Promise<Omit<Snapshot, "sequence"> | undefined> => {
    if (row.storage_key === null)
      return sha256(row.state).equals(row.checksum) ? { state: row.state, stateVector: row.state_vector } : undefined;
    const { storage_key: storageKey, wrapped_key: wrappedKey } = row;
    const sealed = await blobs.get(storageKey);
    if (sealed === undefined) return undefined;
    try {
      const compressed = vault.open(ownerId, { storageKey, wrappedKey, sealed });
      const packed = await decompress(compressed, { maxOutputLength: MAX_STATE_BYTES });
      return sha256(packed).equals(row.checksum) ? unpack(packed) : undefined;
    } catch {
      return undefined;
    }
  };

  return {
    async save(owner, snapshot, { ownerId, loggedBytes }) {
      const { ref, generation, fence } = owner;
      const stored = await store(ownerId, snapshot);
      const gone = await work(async (transaction) => {
        await lockDocument(transaction, owner);
        const key = [ref.projectId, ref.fileId, generation];
        await transaction.query(
          `insert into document_snapshots
              (project_id, file_id, generation, sequence, fence, checksum, storage_key, wrapped_key, bytes)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
            on conflict (project_id, file_id, generation, sequence) do update
              set fence = excluded.fence, checksum = excluded.checksum, storage_key = excluded.storage_key,
                wrapped_key = excluded.wrapped_key, bytes = excluded.bytes, state = null, state_vector = null,
                created_at = now()`,
          [...key, snapshot.sequence, fence, stored.checksum, stored.storageKey, stored.wrappedKey, stored.bytes],
        );
        const superseded = await transaction.query<{ storage_key: string | null; bytes: number }>(SUPERSEDED, key);
        const removedBytes = superseded.reduce((sum, { bytes }) => sum + bytes, 0);
        await countHistory(transaction, ref, loggedBytes + stored.bytes - removedBytes);
        return superseded;
      });
      // What is left by a crash, or a failure, is removed with other blobs that no row names.
      for (const { storage_key: storageKey } of gone)
        if (storageKey !== null) await blobs.delete(storageKey).catch(() => undefined);
    },

    async newest(ref, { generation, ownerId }) {
      const rows = await work((transaction) =>
        transaction.query<Row>(
          `select sequence, checksum, state, state_vector, storage_key, wrapped_key from document_snapshots
            where project_id = $1 and file_id = $2 and generation = $3 order by sequence desc limit ${KEPT}`,
          [ref.projectId, ref.fileId, generation],
        ),
      );
      for (const [damaged, row] of rows.entries()) {
        const sequence = Number(row.sequence);
        const content = await load(row, ownerId);
        if (content !== undefined) return { snapshot: { sequence, ...content }, damaged };
        needs.onDamaged(ref, sequence);
      }
      return { snapshot: null, damaged: rows.length };
    },

    async moveInline(limit) {
      const rows = await work((transaction) =>
        transaction.query<InlineRow>(
          `select s.project_id, s.file_id, s.generation, s.sequence, s.checksum, s.state, s.state_vector, p.owner_id
            from document_snapshots s join projects p on p.id = s.project_id
            where s.state is not null limit $1`,
          [limit],
        ),
      );
      for (const row of rows) {
        const key = [row.project_id, row.file_id, row.generation, row.sequence];
        if (!sha256(row.state).equals(row.checksum)) {
          await work((transaction) => transaction.query(`${DELETE_INLINE} and checksum = $5`, [...key, row.checksum]));
          continue;
        }
        const stored = await store(row.owner_id, { state: row.state, stateVector: row.state_vector });
        await work((transaction) =>
          transaction.query(
            `update document_snapshots
              set checksum = $5, storage_key = $6, wrapped_key = $7, bytes = $8, state = null, state_vector = null
              where project_id = $1 and file_id = $2 and generation = $3 and sequence = $4 and state is not null`,
            [...key, stored.checksum, stored.storageKey, stored.wrappedKey, stored.bytes],
          ),
        );
      }
      return rows.length;
    },
  };
};
