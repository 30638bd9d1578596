/** Copies a project inside the database: only rows are copied, the stored bytes are shared. */
import { setImmediate as nextTurn } from "node:timers/promises";
import { pathTwinKey } from "@atelier/contracts";
import { createId } from "#kernel/ids";
import type { Vault } from "#platform/blobs";
import { concurrentModification, type Transaction } from "#platform/sql";
import { tooLarge, tooManyFiles } from "./errors.ts";
import { readNodes, type NodeRow } from "./node-rows.ts";
import type { TreeLimits } from "./tree-changes.ts";

/**
 * Forks hold this lock in shared mode. Housekeeping takes it exclusively before it removes an owner's content, and then checks again what
 * is used.
 */
export const OWNER_CONTENT_LOCK = 5_287_318;
/** Number of keys that are wrapped before the event loop gets a turn. */
const KEYS_A_TURN = 200;

type Reference = {
  readonly hash: string;
  readonly size: number;
  readonly storage_key: string;
  readonly wrapped_key: Buffer;
};

const REFERENCES = `
  select hash, size, storage_key, wrapped_key from blob_references where owner_id = $1 and hash = any ($2)`;

const ADD_REFERENCES = `
  insert into blob_references (owner_id, hash, size, storage_key, wrapped_key)
    select $1, r.hash, r.size, r.storage_key, decode(r.wrapped_key, 'hex')
      from unnest($2::text[], $3::bigint[], $4::text[], $5::text[]) as r (hash, size, storage_key, wrapped_key)
    on conflict (owner_id, hash) do nothing`;

const ADD_NODES = `
  insert into nodes (project_id, id, parent_id, kind, name, name_key, version, hash, size, executable)
    select $1, c.id, c.parent_id, c.kind, c.name, c.name_key, case c.kind when 'file' then 1 else 0 end, c.hash, c.size,
        c.executable
      from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::boolean[])
        as c (id, parent_id, kind, name, name_key, hash, size, executable)`;

const ADD_VERSIONS = `
  insert into file_versions (project_id, file_id, version, hash, size, author_id, editor_ids)
    select $1, n.id, 1, n.hash, n.size, $2, array[$2::uuid] from nodes n where n.project_id = $1 and n.kind = 'file'`;

/** The references of the source, with their keys wrapped for the new owner. */
const rewrapAll = async (
  vault: Vault,
  references: readonly Reference[],
  { from, to }: { readonly from: string; readonly to: string },
): Promise<string[]> => {
  const keys: string[] = [];
  for (const [index, reference] of references.entries()) {
    if (index % KEYS_A_TURN === KEYS_A_TURN - 1) await nextTurn();
    keys.push(Buffer.from(vault.rewrap(from, to, reference.wrapped_key, reference.storage_key)).toString("hex"));
  }
  return keys;
};

export type ForkedTree = { readonly nodes: readonly NodeRow[]; readonly references: readonly Reference[] };

/**
 * Reads the rows that a fork copies, in the scope of the source project.
 * @throws Problem projects/too-many-files, projects/too-large when the source is above the current limits of a project.
 */
export const readForFork = async (
  transaction: Transaction,
  source: {
    readonly projectId: string;
    readonly ownerId: string;
    readonly forOwner: string;
    readonly limits: TreeLimits;
  },
): Promise<ForkedTree> => {
  const { projectId, limits } = source;
  await transaction.query(
    "select pg_advisory_xact_lock_shared(hashtextextended(o, $2)) from unnest($1::text[]) as o order by o",
    [[...new Set([source.ownerId, source.forOwner])], OWNER_CONTENT_LOCK],
  );
  const nodes = await readNodes(transaction, projectId);
  if (nodes.length > limits.mostNodes) throw tooManyFiles(limits.mostNodes);
  if (nodes.reduce((sum, { size }) => sum + size, 0) > limits.mostBytes)
    throw tooLarge(`A project may have at most ${limits.mostBytes} bytes.`);
  if (source.ownerId === source.forOwner) return { nodes, references: [] };
  const hashes = [...new Set(nodes.flatMap(({ hash }) => (hash === null ? [] : [hash])))];
  const references = await transaction.query<Reference>(REFERENCES, [source.ownerId, hashes]);
  if (references.length !== hashes.length)
    throw concurrentModification("Not every version of the original has a blob reference.");
  return { nodes, references };
};

/** Writes the copy, in the scope of the new project, which already exists and belongs to `owner.to`. */
export const writeFork = async (
  transaction: Transaction,
  tree: ForkedTree,
  target: {
    readonly projectId: string;
    readonly owner: { readonly from: string; readonly to: string };
    readonly vault: Vault;
  },
): Promise<void> => {
  const { projectId, owner, vault } = target;
  if (tree.references.length > 0) {
    await transaction.query(ADD_REFERENCES, [
      owner.to,
      tree.references.map(({ hash }) => hash),
      tree.references.map(({ size }) => size),
      tree.references.map(({ storage_key }) => storage_key),
      await rewrapAll(vault, tree.references, owner),
    ]);
  }
  if (tree.nodes.length === 0) return;
  const ids = new Map(tree.nodes.map(({ id }) => [id, createId()]));
  await transaction.query(ADD_NODES, [
    projectId,
    tree.nodes.map(({ id }) => ids.get(id)),
    tree.nodes.map(({ parent_id }) => (parent_id === null ? null : ids.get(parent_id))),
    tree.nodes.map(({ kind }) => kind),
    tree.nodes.map(({ name }) => name),
    tree.nodes.map(({ name }) => pathTwinKey(name)),
    tree.nodes.map(({ hash }) => hash),
    tree.nodes.map(({ size }) => size),
    tree.nodes.map(({ executable }) => executable),
  ]);
  await transaction.query(ADD_VERSIONS, [projectId, owner.to]);
  const files = tree.nodes.filter(({ kind }) => kind === "file");
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  await transaction.query("select atelier_count_change($1, $2, $3)", [projectId, bytes, files.length]);
};
