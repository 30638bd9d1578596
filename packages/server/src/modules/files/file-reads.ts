/** Reading the tree, versions and their bytes. */
import type { Entry, Version } from "@atelier/contracts";
import { isId } from "#kernel/ids";
import { createByteGate } from "#platform/blobs";
import type { Sql, Transaction } from "#platform/sql";
import { inProject, type ProjectUser } from "#projects";
import { noSuchFile, noSuchVersion, notAFile, tooLarge } from "./errors.ts";
import type { NodePath } from "./node-path.ts";
import type { ContentRow, ContentStore } from "./content-store.ts";
import { findNode, readNodes, toEntry, toTree, type NodeRow } from "./node-rows.ts";

const MOST_VERSIONS_LISTED = 1_000;
const BLOBS_AT_ONCE = 8;
/** Limit of the memory for single reads, before the response is counted in the budget of its sender. */
const OPENING_BYTES = 64 * 1024 * 1024;

/** A version's metadata and the location of its content; the node's own columns are those of the newest version. */
const VERSION_WITH_CONTENT = `
  select n.id, n.parent_id, n.kind, n.name, n.executable, v.version, v.hash, v.size, v.created_at as updated_at,
      p.owner_id, b.storage_key, b.wrapped_key, s.sealed
    from nodes n
    join file_versions v on v.project_id = n.project_id and v.file_id = n.id and v.version = coalesce($3, n.version)
    join projects p on p.id = n.project_id
    left join blob_references b on b.owner_id = p.owner_id and b.hash = v.hash
    left join blob_staging s on s.storage_key = b.storage_key
    where n.project_id = $1 and n.id = $2 and n.deleted_at is null`;

/** The same content also where the file or its project is in the bin. */
const PINNED_CONTENT = `
  select p.owner_id, b.storage_key, b.wrapped_key, s.sealed
    from file_versions v
    join projects p on p.id = v.project_id
    left join blob_references b on b.owner_id = p.owner_id and b.hash = v.hash
    left join blob_staging s on s.storage_key = b.storage_key
    where v.project_id = $1 and v.file_id = $2 and v.version = $3`;

type VersionRow = NodeRow & ContentRow;

/** A version of a file with its bytes. */
export type StoredFile = { readonly entry: Entry; readonly bytes: Uint8Array };

export type ReadAllOptions = {
  readonly maxBytes: number;
  /** Ids of the entries that are read; absent: all. */
  readonly choose?: (entries: readonly Entry[]) => ReadonlySet<string>;
};

/** Those that take a user throw Problem projects/no-such-project when the project is not visible to that user. */
export type FileReads = {
  tree(user: ProjectUser): Promise<Entry[]>;
  /** @throws Problem projects/no-such-file */
  find(user: ProjectUser, nodePath: NodePath): Promise<Entry>;
  /** The newest version, or the requested one. @throws Problem projects/no-such-file, no-such-version, not-a-file */
  read(user: ProjectUser, nodePath: NodePath, version?: number): Promise<StoredFile>;
  history(user: ProjectUser, nodePath: NodePath): Promise<Version[]>;
  /** Every file with its bytes, or the chosen ones. @throws Problem projects/too-large above maxBytes. */
  readAll(user: ProjectUser, options: ReadAllOptions): Promise<StoredFile[]>;
  /** Without a user, for live documents. */
  readStored(
    projectId: string,
    fileId: string,
    version?: number,
  ): Promise<(StoredFile & { readonly ownerId: string }) | undefined>;
  /**
   * The bytes of a version that work in progress refers to, on behalf of nobody: also of a file or project that was deleted meanwhile.
   * undefined: there is no such version.
   */
  readPinned(projectId: string, fileId: string, version: number): Promise<Uint8Array | undefined>;
  /** Within a transaction that may see the project. */
  readVersion(
    transaction: Transaction,
    at: { projectId: string; fileId: string; version?: number },
  ): Promise<VersionRow | undefined>;
  open(row: VersionRow, path: string): Promise<StoredFile>;
};

export const createFileReads = (needs: { readonly sql: Sql; readonly contents: ContentStore }): FileReads => {
  const { sql, contents } = needs;
  const gate = createByteGate(OPENING_BYTES);

  const requireNode = async (transaction: Transaction, projectId: string, nodePath: NodePath): Promise<NodeRow> => {
    const node = await findNode(transaction, projectId, nodePath);
    if (node === undefined) throw noSuchFile(nodePath.path);
    return node;
  };

  const readVersion: FileReads["readVersion"] = async (transaction, at) => {
    const rows = await transaction.query<VersionRow>(VERSION_WITH_CONTENT, [
      at.projectId,
      at.fileId,
      at.version ?? null,
    ]);
    return rows[0];
  };

  const open: FileReads["open"] = async (row, path) => ({ entry: toEntry(row, path), bytes: await contents.open(row) });

  return {
    readVersion,
    open,
    tree: (user) =>
      inProject(sql, { ...user, atLeast: "viewer" }, async (transaction) =>
        toTree(await readNodes(transaction, user.projectId)),
      ),

    find: (user, nodePath) =>
      inProject(sql, { ...user, atLeast: "viewer" }, async (transaction) =>
        toEntry(await requireNode(transaction, user.projectId, nodePath), nodePath.path),
      ),

    async read(user, nodePath, version) {
      const row = await inProject(sql, { ...user, atLeast: "viewer" }, async (transaction) => {
        const node = await requireNode(transaction, user.projectId, nodePath);
        if (node.kind === "folder") throw notAFile(nodePath.path);
        const at = { projectId: user.projectId, fileId: node.id, ...(version === undefined ? {} : { version }) };
        const found = await readVersion(transaction, at);
        if (found === undefined) throw noSuchVersion();
        return found;
      });
      return gate.run(row.size, () => open(row, nodePath.path));
    },

    history: (user, nodePath) =>
      inProject(sql, { ...user, atLeast: "viewer" }, async (transaction): Promise<Version[]> => {
        const node = await requireNode(transaction, user.projectId, nodePath);
        if (node.kind === "folder") throw notAFile(nodePath.path);
        const [rows, authors] = await Promise.all([
          transaction.query<{
            version: number;
            hash: string;
            size: number;
            created_at: Date;
            author_id: string | null;
          }>(
            `select version, hash, size, created_at, author_id from file_versions
              where project_id = $1 and file_id = $2 order by version desc limit ${MOST_VERSIONS_LISTED}`,
            [user.projectId, node.id],
          ),
          transaction.query<{ id: string; name: string }>("select id, name from atelier_authors($1)", [node.id]),
        ]);
        const names = new Map(authors.map(({ id, name }) => [id, name]));
        return rows.map((row) => ({
          version: row.version,
          hash: row.hash,
          size: row.size,
          createdAt: row.created_at.toISOString(),
          author: row.author_id === null ? null : { id: row.author_id, name: names.get(row.author_id) ?? "" },
        }));
      }),

    async readAll(user, { maxBytes, choose }) {
      const { entries, rows } = await inProject(sql, { ...user, atLeast: "viewer" }, async (transaction) => {
        const refuseAbove = (sizes: readonly { readonly size: number }[]): void => {
          if (sizes.reduce((sum, { size }) => sum + size, 0) > maxBytes)
            throw tooLarge(`The files have more than ${maxBytes} bytes.`);
        };
        const nodes = await readNodes(transaction, user.projectId);
        const tree = toTree(nodes);
        const chosen = choose?.(tree);
        refuseAbove(chosen === undefined ? nodes : nodes.filter(({ id }) => chosen.has(id)));
        const found = await transaction.query<ContentRow & { id: string; version: number; hash: string; size: number }>(
          `select n.id, n.version, n.hash, n.size, p.owner_id, b.storage_key, b.wrapped_key, s.sealed
            from nodes n
            join projects p on p.id = n.project_id
            left join blob_references b on b.owner_id = p.owner_id and b.hash = n.hash
            left join blob_staging s on s.storage_key = b.storage_key
            where n.project_id = $1 and n.deleted_at is null and n.kind = 'file' and ($2::uuid[] is null or n.id = any ($2))`,
          [user.projectId, chosen === undefined ? null : [...chosen]],
        );
        // These versions are opened: a file may have grown since its entry was read.
        refuseAbove(found);
        return { entries: new Map(tree.map((entry) => [entry.id, entry])), rows: found };
      });
      const files: StoredFile[] = [];
      const waiting = rows.values();
      const openSome = async (): Promise<void> => {
        for (const row of waiting) {
          const entry: Entry | undefined = entries.get(row.id);
          // The file was saved between the two statements: the result has the version and hash of the bytes.
          if (entry === undefined) continue;
          const bytes = await contents.open(row);
          files.push({ entry: { ...entry, version: row.version, hash: row.hash, size: bytes.byteLength }, bytes });
        }
      };
      await Promise.all(Array.from({ length: BLOBS_AT_ONCE }, openSome));
      return files;
    },

    async readStored(projectId, fileId, version) {
      if (!isId(projectId) || !isId(fileId)) return undefined;
      const found = await sql.transaction({ role: "jobs" }, async (transaction) => {
        const at = { projectId, fileId, ...(version === undefined ? {} : { version }) };
        const [row, paths] = await Promise.all([
          readVersion(transaction, at),
          transaction.query<{ path: string | null }>(
            `select atelier_path_of($1, $2) as path where exists (select from projects where id = $1 and deleted_at is null)`,
            [projectId, fileId],
          ),
        ]);
        const path = paths[0]?.path;
        return row === undefined || path === undefined || path === null ? undefined : { row, path };
      });
      if (found === undefined) return undefined;
      return { ...(await open(found.row, found.path)), ownerId: found.row.owner_id };
    },

    async readPinned(projectId, fileId, version) {
      if (!isId(projectId) || !isId(fileId)) return undefined;
      const [row] = await sql.transaction({ role: "jobs" }, (transaction) =>
        transaction.query<ContentRow>(PINNED_CONTENT, [projectId, fileId, version]),
      );
      return row && contents.open(row);
    },
  };
};
