/** Rows of `nodes` and the entries made from them. */
import type { Entry } from "@atelier/contracts";
import type { Transaction } from "#platform/sql";
import type { NodePath } from "./node-path.ts";

export type NodeRow = {
  readonly id: string;
  readonly parent_id: string | null;
  readonly kind: "file" | "folder";
  readonly name: string;
  readonly version: number;
  readonly hash: string | null;
  readonly size: number;
  readonly executable: boolean;
  readonly updated_at: Date;
};

export const NODE_COLUMNS = "id, parent_id, kind, name, version, hash, size, executable, updated_at";

export const toEntry = (row: NodeRow, path: string): Entry => ({
  id: row.id,
  parentId: row.parent_id,
  path,
  kind: row.kind,
  size: row.size,
  hash: row.hash,
  version: row.version,
  executable: row.executable,
  updatedAt: row.updated_at.toISOString(),
});

/** Entries of a whole project, sorted by path. */
export const toTree = (rows: readonly NodeRow[]): Entry[] => {
  const byId = new Map(rows.map((row) => [row.id, row]));
  const paths = new Map<string, string>();
  const pathOf = (row: NodeRow): string => {
    const known = paths.get(row.id);
    if (known !== undefined) return known;
    const parent = row.parent_id === null ? undefined : byId.get(row.parent_id);
    const path = parent === undefined ? row.name : `${pathOf(parent)}/${row.name}`;
    paths.set(row.id, path);
    return path;
  };
  return rows
    .map((row) => toEntry(row, pathOf(row)))
    .toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
};

export const readNodes = (transaction: Transaction, projectId: string): Promise<NodeRow[]> =>
  transaction.query<NodeRow>(`select ${NODE_COLUMNS} from nodes where project_id = $1 and deleted_at is null`, [
    projectId,
  ]);

/** The node at a path, or undefined. */
export const findNode = async (
  transaction: Transaction,
  projectId: string,
  nodePath: NodePath,
): Promise<NodeRow | undefined> => {
  const rows = await transaction.query<NodeRow>(
    `select ${NODE_COLUMNS} from nodes where project_id = $1 and id = atelier_node_at($1, $2, $3)`,
    [projectId, nodePath.names, nodePath.keys],
  );
  return rows[0];
};

/** The live child of a folder (null: the root) under a folded name, whatever its exact name. */
export const findChild = async (
  transaction: Transaction,
  child: { readonly projectId: string; readonly parentId: string | null; readonly key: string },
): Promise<NodeRow | undefined> => {
  const rows = await transaction.query<NodeRow>(
    `select ${NODE_COLUMNS} from nodes
      where project_id = $1 and name_key = $3 and deleted_at is null
        and coalesce(parent_id, '00000000-0000-0000-0000-000000000000'::uuid)
          = coalesce($2, '00000000-0000-0000-0000-000000000000'::uuid)`,
    [child.projectId, child.parentId, child.key],
  );
  return rows[0];
};
