/** Moves a file or a folder: one row changes, ids and history are kept. */
import { type Entry, parsePath } from "@atelier/contracts";
import { moveUnderItself, noSuchFile, pathInvalid, pathTaken } from "./errors.ts";
import type { NodePath } from "./node-path.ts";
import { findChild, findNode, NODE_COLUMNS, readNodes, toEntry, toTree, type NodeRow } from "./node-rows.ts";
import { makeParents, type TreeChange } from "./tree-changes.ts";

/** Entries at and below a path. */
const entriesBelow = async (change: TreeChange, path: string): Promise<Entry[]> => {
  const entries = toTree(await readNodes(change.transaction, change.projectId));
  return entries.filter((entry) => entry.path === path || entry.path.startsWith(`${path}/`));
};

/** @returns the moved entry, and every entry that is new or has a new path. The tree is locked by the caller. */
export const moveNode = async (
  change: TreeChange,
  from: NodePath,
  to: NodePath,
): Promise<{ readonly entry: Entry; readonly changed: readonly Entry[] }> => {
  const { transaction, projectId } = change;
  const node = await findNode(transaction, projectId, from);
  if (node === undefined) throw noSuchFile(from.path);
  if (from.path === to.path) return { entry: toEntry(node, to.path), changed: [] };
  // Also catches a target below a twin of the name, which would make folders before it fails.
  if (
    node.kind === "folder" &&
    to.names.length > from.names.length &&
    from.keys.every((key, at) => to.keys[at] === key)
  ) {
    throw moveUnderItself();
  }
  const { parents, made } = await makeParents(change, to);
  const parentId = parents.at(-1) ?? null;
  const key = to.keys.at(-1) ?? "";
  const there = await findChild(transaction, { projectId, parentId, key });
  // When only the case of the name changes, the node itself is at the target.
  if (there !== undefined && there.id !== node.id) throw pathTaken(to.path);
  const [row] = await transaction.query<NodeRow>(
    `update nodes set parent_id = $3, name = $4, name_key = $5, updated_at = clock_timestamp()
      where project_id = $1 and id = $2 returning ${NODE_COLUMNS}`,
    [projectId, node.id, parentId, to.names.at(-1), key],
  );
  if (row === undefined) throw noSuchFile(from.path);
  await transaction.query("select atelier_count_change($1, 0, 0)", [projectId]);
  const entry = toEntry(row, to.path);
  const below = row.kind === "folder" ? await entriesBelow(change, to.path) : [entry];
  // The target is a valid path, but paths below it may become too long.
  for (const { path } of below) {
    const parsed = parsePath(path);
    if (!parsed.ok) throw pathInvalid("body.to", `A path below it: ${parsed.detail}`);
  }
  return { entry, changed: [...made, ...below] };
};
