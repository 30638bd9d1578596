/** Changes of a project's tree, serialised per project, so that concurrent ones can't create a loop or exceed a limit. */
import type { Entry } from "@atelier/contracts";
import type { Transaction } from "#platform/sql";
import { createId } from "#kernel/ids";
import { notAFolder, pathTaken, tooLarge, tooManyFiles } from "./errors.ts";
import type { NodePath } from "./node-path.ts";
import type { PreparedContent } from "./content-store.ts";
import { findChild, NODE_COLUMNS, toEntry, type NodeRow } from "./node-rows.ts";

export type TreeLimits = { readonly mostBytes: number; readonly mostNodes: number };
export type TreeChange = { readonly transaction: Transaction; readonly projectId: string; readonly limits: TreeLimits };

/** Waits for other tree changes of the project; held until the transaction ends. */
export const lockTree = async (transaction: Transaction, projectId: string): Promise<void> => {
  await transaction.query("select pg_advisory_xact_lock(hashtextextended($1, 5287312))", [projectId]);
};

const requireWithinLimits = async (
  { transaction, projectId, limits }: TreeChange,
  nodes: number,
  bytes: number,
): Promise<void> => {
  const [row] = await transaction.query<{ nodes: number; bytes: number }>(
    `select (select count(*) from nodes n where n.project_id = $1 and n.deleted_at is null) as nodes,
      atelier_project_size($1) as bytes`,
    [projectId],
  );
  if ((row?.nodes ?? 0) + nodes > limits.mostNodes) throw tooManyFiles(limits.mostNodes);
  if (bytes > 0 && (row?.bytes ?? 0) + bytes > limits.mostBytes) {
    throw tooLarge(`A project may have at most ${limits.mostBytes} bytes.`);
  }
};

const insertFolder = async (change: TreeChange, parentId: string | null, nodePath: NodePath): Promise<NodeRow> => {
  const [row] = await change.transaction.query<NodeRow>(
    `insert into nodes (project_id, id, parent_id, kind, name, name_key) values ($1, $2, $3, 'folder', $4, $5)
      returning ${NODE_COLUMNS}`,
    [change.projectId, createId(), parentId, nodePath.names.at(-1), nodePath.keys.at(-1)],
  );
  if (row === undefined) throw new Error("The folder was not inserted.");
  return row;
};

const prefixOf = (nodePath: NodePath, length: number): NodePath => ({
  path: nodePath.names.slice(0, length).join("/"),
  names: nodePath.names.slice(0, length),
  keys: nodePath.keys.slice(0, length),
});

/**
 * The parent folder of a path; missing folders are created.
 * @returns `parents`: ids from the root down. @throws Problem when a part of the path is a file or a twin of another name.
 */
export const makeParents = async (
  change: TreeChange,
  nodePath: NodePath,
): Promise<{ readonly parents: readonly string[]; readonly made: Entry[] }> => {
  const parents: string[] = [];
  const made: Entry[] = [];
  for (let depth = 1; depth < nodePath.names.length; depth++) {
    const folder = prefixOf(nodePath, depth);
    const parentId = parents.at(-1) ?? null;
    const key = folder.keys.at(-1) ?? "";
    let row =
      made.length > 0 ? undefined : await findChild(change.transaction, { projectId: change.projectId, parentId, key });
    if (row === undefined) {
      if (made.length === 0) await requireWithinLimits(change, nodePath.names.length - depth, 0);
      row = await insertFolder(change, parentId, folder);
      made.push(toEntry(row, folder.path));
    }
    if (row.name !== folder.names.at(-1)) throw pathTaken(folder.path);
    if (row.kind === "file") throw notAFolder(folder.path);
    parents.push(row.id);
  }
  return { parents, made };
};

/** @returns all created entries, the folder itself last */
export const makeFolder = async (change: TreeChange, nodePath: NodePath): Promise<Entry[]> => {
  const { parents, made } = await makeParents(change, nodePath);
  const parentId = parents.at(-1) ?? null;
  const key = nodePath.keys.at(-1) ?? "";
  if ((await findChild(change.transaction, { projectId: change.projectId, parentId, key })) !== undefined) {
    throw pathTaken(nodePath.path);
  }
  await requireWithinLimits(change, 1, 0);
  const row = await insertFolder(change, parentId, nodePath);
  return [...made, toEntry(row, nodePath.path)];
};

/** @returns all created entries, the file last, and whether this copy of the content is kept */
export const makeFile = async (
  change: TreeChange,
  file: {
    readonly nodePath: NodePath;
    readonly content: PreparedContent;
    readonly ownerId: string;
    readonly authorId: string;
  },
): Promise<{ readonly made: Entry[]; readonly blobUsed: boolean }> => {
  const { transaction, projectId } = change;
  const { nodePath, content } = file;
  const { parents, made } = await makeParents(change, nodePath);
  const parentId = parents.at(-1) ?? null;
  const key = nodePath.keys.at(-1) ?? "";
  if ((await findChild(transaction, { projectId, parentId, key })) !== undefined) throw pathTaken(nodePath.path);
  await requireWithinLimits(change, 1, content.size);
  const [kept] = await transaction.query<{ kept: boolean }>(
    "select atelier_keep_blob($1, $2, $3, $4, $5, $6) as kept",
    [file.ownerId, content.hash, content.size, content.storageKey, content.wrappedKey, content.sealed],
  );
  const [row] = await transaction.query<NodeRow>(
    `insert into nodes (project_id, id, parent_id, kind, name, name_key, version, hash, size)
      values ($1, $2, $3, 'file', $4, $5, 1, $6, $7) returning ${NODE_COLUMNS}`,
    [projectId, createId(), parentId, nodePath.names.at(-1), key, content.hash, content.size],
  );
  if (row === undefined) throw new Error("The file was not inserted.");
  await transaction.query(
    `insert into file_versions (project_id, file_id, version, hash, size, author_id, editor_ids)
      values ($1, $2, 1, $3, $4, $5, array[$5::uuid])`,
    [projectId, row.id, content.hash, content.size, file.authorId],
  );
  await transaction.query("select atelier_count_change($1, $2, 1)", [projectId, content.size]);
  return { made: [...made, toEntry(row, nodePath.path)], blobUsed: kept?.kept ?? false };
};
