/** Writing files and folders: their rows, and their bytes beside them or in the blob store. */
import { type Entry, MAX_FILE_BYTES } from "@atelier/contracts";
import { Problem } from "#kernel/problem";
import { isConcurrentModification, type Sql, type Transaction } from "#platform/sql";
import { inProject, noSuchProject, type ProjectUser, roleTooLow, unlessOvertaken } from "#projects";
import { folderNotEmpty, noSuchFile, notAFile, pathTaken, tooLarge, versionConflict } from "./errors.ts";
import type { NodePath } from "./node-path.ts";
import type { AccountQuota } from "./account-quota.ts";
import { type ContentStore, type PreparedContent, STAGED_BYTES } from "./content-store.ts";
import { findNode, toEntry, type NodeRow } from "./node-rows.ts";
import { createProjectOwners } from "./project-owners.ts";
import { findReplay, keepReplay, type Replay } from "./replays.ts";
import type { FileReads, StoredFile } from "./file-reads.ts";
import { moveNode } from "./move-node.ts";
import { lockTree, makeFile, makeFolder, type TreeLimits } from "./tree-changes.ts";

type Outcome =
  | "saved"
  | "unchanged"
  | "version-conflict"
  | "no-such-file"
  | "not-a-file"
  | "too-large"
  | "no-such-project"
  | "role-too-low";
type SavedRow = NodeRow & { readonly outcome: Outcome; readonly blob_used: boolean };

const SAVED_COLUMNS = `r.outcome, r.blob_used, (r.node).id, (r.node).parent_id, (r.node).kind, (r.node).name,
  (r.node).version, (r.node).hash, (r.node).size, (r.node).executable, (r.node).updated_at`;

const toWritten = (row: SavedRow, path: string, limits: TreeLimits): Written => {
  switch (row.outcome) {
    case "saved":
      return { entry: toEntry(row, path), before: row.version - 1, changed: true };
    case "unchanged":
      return { entry: toEntry(row, path), before: row.version, changed: false };
    case "version-conflict":
      throw versionConflict(row.version);
    case "no-such-file":
      throw noSuchFile(path);
    case "not-a-file":
      throw notAFile(path);
    case "too-large":
      throw tooLarge(`A project may have at most ${limits.mostBytes} bytes.`);
    case "no-such-project":
      throw noSuchProject();
    case "role-too-low":
      throw roleTooLow();
  }
};

const requireFileSize = ({ byteLength }: Uint8Array): void => {
  if (byteLength > MAX_FILE_BYTES) throw tooLarge(`A file may have at most ${MAX_FILE_BYTES} bytes.`);
};

/** Handles a project that was removed for good while its document was being written. */
const absentWhenGone = (error: unknown): undefined => {
  const isGone = error instanceof Problem && error.code === "projects/no-such-project";
  if (!isGone && !isConcurrentModification(error)) throw error;
};

/** The newest version after a write: `before` is the version before it; `changed` false: the bytes were the newest already. */
export type Written = { readonly entry: Entry; readonly before: number; readonly changed: boolean };

/** The created entry, and all created entries with parent folders first. Replayed: `made` is empty. */
export type Made = { readonly entry: Entry; readonly made: readonly Entry[] };

export type CheckpointSave = {
  readonly projectId: string;
  readonly fileId: string;
  readonly bytes: Uint8Array;
  readonly basedOn: number;
  /** The users who typed since the last checkpoint; the last one is the version's author. */
  readonly editorIds: readonly string[];
};

/** Durable when they resolve. Problems are those of the routes. */
export type FileWrites = {
  create(user: ProjectUser, nodePath: NodePath, bytes: Uint8Array, replay?: Replay): Promise<Made>;
  createFolder(user: ProjectUser, nodePath: NodePath): Promise<Made>;
  /** @param write.expected the version that must be newest; undefined: any */
  put(
    user: ProjectUser,
    nodePath: NodePath,
    write: {
      readonly bytes: Uint8Array;
      readonly expected?: number | undefined;
      readonly replay?: Replay | undefined;
    },
  ): Promise<Written>;
  /** Resolves with the removed ids: the node and all below it. */
  remove(
    user: ProjectUser,
    nodePath: NodePath,
    recursive: boolean,
  ): Promise<{ readonly ids: string[]; readonly fileIds: string[] }>;
  /** Resolves with the moved node, and all entries that changed, including created folders. */
  move(
    user: ProjectUser,
    from: NodePath,
    to: NodePath,
  ): Promise<{ readonly entry: Entry; readonly changed: readonly Entry[] }>;
  /** Writes a document's text as the next version, without a user. undefined: no such file. */
  saveCheckpoint(
    save: CheckpointSave,
  ): Promise<(Written & { readonly isFull: boolean }) | { readonly conflict: StoredFile } | undefined>;
};

export const createFileWrites = (needs: {
  readonly sql: Sql;
  readonly contents: ContentStore;
  readonly reads: Pick<FileReads, "readStored">;
  readonly limits: TreeLimits;
  readonly quota: AccountQuota;
}): FileWrites => {
  const { sql, contents, reads, limits, quota } = needs;
  const owners = createProjectOwners(sql);

  /** Prepares bytes for a project and drops the copy again when the write fails or the content was there already. */
  const withContent = async <T extends { readonly blobUsed: boolean }>(
    ownerId: string,
    bytes: Uint8Array,
    write: (content: PreparedContent) => Promise<T>,
  ): Promise<T> => {
    const content = await contents.prepare(ownerId, bytes);
    try {
      const result = await write(content);
      if (result.blobUsed) quota.added(ownerId, content.size);
      else await contents.discard(content);
      return result;
    } catch (error) {
      // Only after a definite refusal: after a lost connection the row may exist, and needs its blob.
      if ((error instanceof Problem && error.status < 500) || isConcurrentModification(error))
        await contents.discard(content);
      throw error;
    }
  };

  const changeTree = <T>(user: ProjectUser, work: (transaction: Transaction) => Promise<T>): Promise<T> =>
    inProject(sql, { ...user, atLeast: "editor" }, async (transaction) => {
      await lockTree(transaction, user.projectId);
      return work(transaction);
    });

  /**
   * @param at without `expected`, as for an idempotency key, only the role is checked, because a stored response does not depend on the file's
   *   present version
   */
  const requireWritable = (
    user: ProjectUser,
    nodePath: NodePath,
    at: { readonly expected?: number | undefined },
  ): Promise<void> =>
    inProject(sql, { ...user, atLeast: "editor" }, async (transaction) => {
      if (!("expected" in at)) return;
      const node = await findNode(transaction, user.projectId, nodePath);
      if (node === undefined) throw noSuchFile(nodePath.path);
      if (node.kind === "folder") throw notAFile(nodePath.path);
      if (at.expected !== undefined && at.expected !== node.version) throw versionConflict(node.version);
    });

  const last = (made: readonly Entry[]): Made => {
    const entry = made.at(-1);
    if (entry === undefined) throw new Error("No entry was created.");
    return { entry, made };
  };

  const putRow = async (
    transaction: Transaction,
    nodePath: NodePath,
    content: PreparedContent,
    expected?: number,
  ): Promise<SavedRow> => {
    const [row] = await transaction.query<SavedRow>(
      `select ${SAVED_COLUMNS} from atelier_put_file($1, $2, $3, $4, $5, $6, $7, $8, $9) r`,
      [
        nodePath.names,
        nodePath.keys,
        expected ?? null,
        content.hash,
        content.size,
        content.storageKey,
        content.wrappedKey,
        content.sealed,
        limits.mostBytes,
      ],
    );
    if (row === undefined) throw new Error("The save had no outcome.");
    return row;
  };

  return {
    async create(user, nodePath, bytes, replay) {
      requireFileSize(bytes);
      const scope = { role: "user", ...user } as const;
      // Checked before the bytes are prepared, so that users can't fill the store of a project that they may not write.
      await inProject(sql, { ...user, atLeast: "editor" }, async (transaction) => {
        if (replay !== undefined || bytes.byteLength <= STAGED_BYTES) return;
        if ((await findNode(transaction, user.projectId, nodePath)) !== undefined) throw pathTaken(nodePath.path);
      });
      const ownerId = await owners.ownerOf(user.projectId, scope);
      await quota.requireFor(ownerId, bytes.byteLength, scope);
      return withContent(ownerId, bytes, (content) =>
        changeTree(user, async (transaction) => {
          const first = replay && (await findReplay<Entry>(transaction, user.userId, replay));
          if (first !== undefined) return { entry: first, made: [], blobUsed: false };
          const change = { transaction, projectId: user.projectId, limits };
          const { made, blobUsed } = await makeFile(change, { nodePath, content, ownerId, authorId: user.userId });
          const answer = last(made);
          if (replay) await keepReplay(transaction, { userId: user.userId, replay, status: 201, answer: answer.entry });
          return { ...answer, blobUsed };
        }),
      );
    },

    createFolder: (user, nodePath) =>
      changeTree(user, async (transaction) =>
        last(await makeFolder({ transaction, projectId: user.projectId, limits }, nodePath)),
      ),

    async put(user, nodePath, { bytes, expected, replay }) {
      requireFileSize(bytes);
      const write = async (
        transaction: Transaction,
        content: PreparedContent,
      ): Promise<Written & { blobUsed: boolean }> => {
        const first = replay && (await findReplay<Entry>(transaction, user.userId, replay));
        if (first !== undefined) return { entry: first, before: first.version, changed: false, blobUsed: false };
        const row = await putRow(transaction, nodePath, content, expected);
        const written = toWritten(row, nodePath.path, limits);
        if (replay) await keepReplay(transaction, { userId: user.userId, replay, status: 200, answer: written.entry });
        return { ...written, blobUsed: row.blob_used };
      };
      const scope = { role: "user", ...user } as const;
      // A large body is stored before the transaction, so rights, path and version are checked first.
      if (bytes.byteLength > STAGED_BYTES)
        await requireWritable(user, nodePath, replay === undefined ? { expected } : {});
      const ownerId = await owners.ownerOf(user.projectId, scope);
      await quota.requireFor(ownerId, bytes.byteLength, scope).catch(async (error: unknown) => {
        // Only users who may write learn that an account is full; others get the usual refusal.
        await inProject(sql, { ...user, atLeast: "editor" }, () => Promise.resolve());
        throw error;
      });
      return withContent(ownerId, bytes, (content) =>
        unlessOvertaken(sql, { ...user, atLeast: "editor" }, () =>
          sql.transaction(scope, (transaction) => write(transaction, content)),
        ),
      );
    },

    remove: (user, nodePath, recursive) =>
      changeTree(user, async (transaction) => {
        const node = await findNode(transaction, user.projectId, nodePath);
        if (node === undefined) throw noSuchFile(nodePath.path);
        if (node.kind === "folder" && !recursive) throw folderNotEmpty(nodePath.path);
        const gone = await transaction.query<{ id: string; kind: string; size: number }>(
          `with recursive below as (
              select n.id from nodes n where n.project_id = $1 and n.id = $2
              union all
              select n.id from nodes n join below on n.parent_id = below.id where n.project_id = $1 and n.deleted_at is null)
            update nodes set deleted_at = now() where project_id = $1 and id in (select id from below)
            returning id, kind, size`,
          [user.projectId, node.id],
        );
        const files = gone.filter(({ kind }) => kind === "file");
        const bytes = gone.reduce((sum, { size }) => sum + size, 0);
        await transaction.query("select atelier_count_change($1, $2, $3)", [user.projectId, -bytes, -files.length]);
        return { ids: gone.map(({ id }) => id), fileIds: files.map(({ id }) => id) };
      }),

    move: (user, from, to) =>
      changeTree(user, (transaction) => moveNode({ transaction, projectId: user.projectId, limits }, from, to)),

    async saveCheckpoint(save) {
      const author = save.editorIds.at(-1) ?? null;
      const scope = { role: "jobs" } as const;
      const ownerId = await owners.ownerOf(save.projectId, scope).catch(absentWhenGone);
      if (ownerId === undefined) return undefined;
      const saved = await withContent(ownerId, save.bytes, (content) =>
        sql.transaction(scope, async (transaction) => {
          const [rows, paths] = await Promise.all([
            transaction.query<SavedRow>(
              `select ${SAVED_COLUMNS} from atelier_save_version($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, null) r`,
              [
                save.projectId,
                save.fileId,
                save.basedOn,
                content.hash,
                content.size,
                content.storageKey,
                content.wrappedKey,
                content.sealed,
                author,
                save.editorIds,
              ],
            ),
            transaction.query<{ path: string | null; bytes: number | null }>(
              "select atelier_path_of($1, $2) as path, atelier_project_size($1) as bytes",
              [save.projectId, save.fileId],
            ),
          ]);
          const [facts] = paths;
          return {
            row: rows[0],
            path: facts?.path ?? "",
            projectBytes: facts?.bytes ?? 0,
            blobUsed: rows[0]?.blob_used ?? false,
          };
        }),
      ).catch(absentWhenGone);
      if (saved?.row === undefined || saved.row.outcome === "no-such-file") return undefined;
      const { row, path, projectBytes } = saved;
      if (row.outcome !== "version-conflict") {
        const isFull = projectBytes >= limits.mostBytes || (await quota.isFull(ownerId));
        return { ...toWritten(row, path, limits), isFull };
      }
      const stored = await reads.readStored(save.projectId, save.fileId);
      return stored === undefined ? undefined : { conflict: { entry: stored.entry, bytes: stored.bytes } };
    },
  };
};
