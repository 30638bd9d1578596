import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import * as Y from "yjs";
import { createId } from "#kernel/ids";
import { silentLog } from "#kernel/log";
import { createVault, type BlobStore } from "#platform/blobs";
import { openFolderBlobStore } from "../../../platform/blobs/adapters/folder-blob-store.ts";
import { migrate, readMigrations } from "../../../platform/sql/migrate.ts";
import { openTestDatabase, type TestDatabase } from "../../../platform/sql/test-database.ts";
import { createDocumentStorage, type DocumentStorage } from "../document/document-storage.ts";
import type { StoredDocument } from "../document/stored-document.ts";
import { createSnapshots, type Snapshots } from "../snapshot/snapshots.ts";
import { createPostgresDocumentLog } from "./adapters/postgres-document-log.ts";

const DOCUMENT_LOG = 60;
const [owner, editor, projectId] = [createId(), createId(), createId()];

/** Updates that make "one", "one two" and "one two three", one after the other. */
const makeUpdates = (): { readonly updates: Uint8Array[]; readonly doc: Y.Doc } => {
  const doc = new Y.Doc();
  const updates: Uint8Array[] = [];
  doc.on("update", (update: Uint8Array) => updates.push(update));
  for (const text of ["one", " two", " three"]) doc.getText("content").insert(doc.getText("content").length, text);
  return { updates, doc };
};
const textOf = ({ history }: StoredDocument): string => {
  const doc = new Y.Doc();
  if (history?.snapshot) Y.applyUpdate(doc, history.snapshot.state);
  for (const { update } of history?.updates ?? []) Y.applyUpdate(doc, update);
  return doc.getText("content").toJSON();
};

let database: TestDatabase;
let admin: pg.Client;
let folder: string;
let blobs: BlobStore;
let snapshots: Snapshots;
let storage: DocumentStorage;
const damaged: number[] = [];

/** The schema of the release before, with rows as it wrote them. */
const addFile = async (): Promise<string> => {
  const fileId = createId();
  await admin.query(
    "insert into nodes (project_id, id, kind, name, name_key, version, hash) values ($1, $2, 'file', $3, $3, 9, 'x')",
    [projectId, fileId, `${fileId}.txt`],
  );
  return fileId;
};
const addDocument = async (checkpointed: number, saving: string | null = null): Promise<string> => {
  const fileId = await addFile();
  await admin.query(
    `insert into documents (project_id, file_id, generation, fence, base_version, checkpointed_sequence, eol, byte_order_mark,
        saving_sequence, saving_hash) values ($1, $2, 2, 7, 5, $3, 'crlf', true, $4, $5)`,
    [projectId, fileId, checkpointed, saving === null ? null : 3, saving],
  );
  return fileId;
};
const addLogged = async (fileId: string, sequence: number, update: Uint8Array): Promise<void> => {
  await admin.query(
    `insert into document_log (project_id, file_id, generation, sequence, fence, user_id, client_id, origin, update)
      values ($1, $2, 2, $3, 7, $4, 11, $5, $6)`,
    [
      projectId,
      fileId,
      sequence,
      sequence === 1 ? null : editor,
      sequence === 1 ? "seed" : "edit",
      Buffer.from(update),
    ],
  );
};
const addSnapshot = async (fileId: string, sequence: number, doc: Y.Doc, isSound = true): Promise<void> => {
  const state = Buffer.from(Y.encodeStateAsUpdate(doc));
  const checksum = createHash("sha256").update(state);
  await admin.query(
    `insert into document_snapshots (project_id, file_id, generation, sequence, fence, state_vector, checksum, state)
      values ($1, $2, 2, $3, 7, $4, $5, $6)`,
    [
      projectId,
      fileId,
      sequence,
      Buffer.from(Y.encodeStateVector(doc)),
      (isSound ? checksum : checksum.update("damage")).digest(),
      state,
    ],
  );
};

let logged: string;
let trimmed: string;
let ended: string;
const { updates, doc } = makeUpdates();
beforeAll(async () => {
  database = await openTestDatabase({ isEmpty: true });
  const all = await readMigrations();
  const run = (before: number) =>
    migrate({
      url: database.adminUrl,
      serverRole: "atelier_server",
      log: silentLog,
      migrations: all.filter(({ version }) => version < before),
    });
  await run(DOCUMENT_LOG);
  admin = await database.openAdmin();
  for (const id of [owner, editor])
    await admin.query("insert into users (id, kind, name) values ($1, 'guest', 'x')", [id]);
  await admin.query("insert into projects (id, slug, owner_id, name) values ($1, 'slug', $2, 'p')", [projectId, owner]);
  logged = await addDocument(1, "ab");
  for (const [index, update] of updates.entries()) await addLogged(logged, index + 1, update);
  trimmed = await addDocument(40);
  await addSnapshot(trimmed, 40, doc);
  await addSnapshot(trimmed, 41, doc, false);
  ended = await addDocument(0);
  expect(await run(Number.POSITIVE_INFINITY)).toBeGreaterThan(0);

  folder = await mkdtemp(join(tmpdir(), "atelier-migration-"));
  blobs = await openFolderBlobStore(folder);
  const { sql } = database;
  snapshots = createSnapshots({
    sql,
    vault: createVault(randomBytes(32)),
    blobs,
    onDamaged: (_ref, sequence) => damaged.push(sequence),
  });
  storage = createDocumentStorage({ sql, log: createPostgresDocumentLog(sql), snapshots });
}, 60_000);
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const open = (fileId: string, fence: bigint) => storage.open({ projectId, fileId }, { fence, ownerId: owner });

describe("documents of the release before the log described itself", () => {
  test("[C63] a logged document keeps its text, and where it stood is in its log", async () => {
    const stored = await open(logged, 8n);
    expect(stored).toMatchObject({ generation: 2, isDamaged: false, isNoted: true });
    expect(stored === undefined ? "" : textOf(stored)).toBe("one two three");
    expect(stored?.history?.facts).toEqual({
      baseVersion: 5,
      checkpointedSequence: 1,
      format: { eol: "crlf", byteOrderMark: true },
      saving: { sequence: 3, hash: "ab" },
      editorIds: [editor],
    });
    expect(stored?.history?.lastSequence).toBe(4);
    expect(await storage.listUncheckpointed(projectId)).toEqual([{ projectId, fileId: logged }]);
  });

  test("[C63] a document whose log was trimmed is read from its snapshot, in the row and then as a blob", async () => {
    const before = await open(trimmed, 8n);
    expect(damaged).toEqual([41]);
    expect(before?.history?.snapshot?.sequence).toBe(40);
    expect(before === undefined ? "" : textOf(before)).toBe("one two three");
    expect(before?.history?.facts).toMatchObject({ baseVersion: 5, checkpointedSequence: 40, saving: null });
    expect(before?.history?.lastSequence).toBe(42);

    expect(await snapshots.moveInline(100)).toBe(2);
    expect(await snapshots.moveInline(100)).toBe(0);
    const { rows } = await admin.query<{ storage_key: string; state: Buffer | null }>(
      "select storage_key, state from document_snapshots where file_id = $1",
      [trimmed],
    );
    expect(rows).toEqual([{ storage_key: expect.any(String), state: null }]);
    expect(await blobs.has(rows[0]?.storage_key ?? "")).toBe(true);
    const after = await open(trimmed, 9n);
    expect(after?.history?.snapshot?.sequence).toBe(40);
    const bytesOf = (stored: StoredDocument | undefined) => ({
      state: Buffer.from(stored?.history?.snapshot?.state ?? []),
      stateVector: Buffer.from(stored?.history?.snapshot?.stateVector ?? []),
    });
    expect(bytesOf(after)).toEqual(bytesOf(before));
    expect(damaged).toEqual([41]);
  });

  test("[C63] a generation that had ended begins from the file's version", async () => {
    expect(await open(ended, 8n)).toEqual({ generation: 2, history: null, isDamaged: false, isNoted: false });
  });
});
