/** Makes many files and folders of one project in one transaction: few statements, however many they are. */
import { type Entry, pathTwinKey } from "@atelier/contracts";
import { createId } from "#kernel/ids";
import type { Problem } from "#kernel/problem";
import type { PreparedContent } from "./content-store.ts";
import { notAFolder, pathTaken, tooLarge, tooManyFiles } from "./errors.ts";
import { type NodePath, toNodePath } from "./node-path.ts";
import { NODE_COLUMNS, type NodeRow, toEntry } from "./node-rows.ts";
import type { TreeChange } from "./tree-changes.ts";

/** `content` undefined: a folder. */
export type BatchItem = {
  readonly nodePath: NodePath;
  readonly content: PreparedContent | undefined;
  readonly executable: boolean;
};

/** The entry that was made, or why there is none; `there` is a folder that existed already. */
export type BatchOutcome =
  | { readonly kind: "made"; readonly entry: Entry }
  | { readonly kind: "there" }
  | { readonly kind: "refused"; readonly problem: Problem };

export type BatchResult = {
  /** One for each item, in their order. */
  readonly outcomes: readonly BatchOutcome[];
  /** Everything that was made, parent folders included. */
  readonly made: readonly Entry[];
  /** The prepared contents whose copy is the one that is stored. */
  readonly kept: readonly PreparedContent[];
};

const ROOT = "";

/** The live children of the given folders under the given folded names, whatever their exact names. */
const CHILDREN = `
  select n.id, n.parent_id, n.kind, n.name, n.version, n.hash, n.size, n.executable, n.updated_at
    from unnest($2::uuid[], $3::text[]) as w (parent_id, name_key)
    join nodes n on n.project_id = $1 and n.deleted_at is null and n.name_key = w.name_key
      and coalesce(n.parent_id, '00000000-0000-0000-0000-000000000000'::uuid)
        = coalesce(w.parent_id, '00000000-0000-0000-0000-000000000000'::uuid)`;

const SPACE = `
  select (select count(*) from nodes n where n.project_id = $1 and n.deleted_at is null) as nodes,
    atelier_project_size($1) as bytes`;

/** The sealed bodies are one value, cut here: arrays of bytes would travel as text. */
const KEEP = `
  select c.hash, atelier_keep_blob($1, c.hash, c.size, c.storage_key, decode(c.wrapped_key, 'hex'),
      case when c.length is null then null else substring($2::bytea from c.start + 1 for c.length) end) as kept
    from unnest($3::text[], $4::bigint[], $5::text[], $6::text[], $7::integer[], $8::integer[])
      as c (hash, size, storage_key, wrapped_key, start, length)`;

const ADD = `
  insert into nodes (project_id, id, parent_id, kind, name, name_key, version, hash, size, executable)
    select $1, c.id, c.parent_id, c.kind, c.name, c.name_key, case c.kind when 'file' then 1 else 0 end, c.hash, c.size,
        c.executable
      from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::boolean[])
        as c (id, parent_id, kind, name, name_key, hash, size, executable)
    returning ${NODE_COLUMNS}`;

const ADD_VERSIONS = `
  insert into file_versions (project_id, file_id, version, hash, size, author_id, editor_ids)
    select $1, c.id, 1, c.hash, c.size, $2, array[$2::uuid]
      from unnest($3::uuid[], $4::text[], $5::bigint[]) as c (id, hash, size)`;

type Node = { readonly id: string; readonly name: string; readonly kind: "file" | "folder" };
type NewNode = {
  readonly id: string;
  readonly parentId: string | null;
  readonly path: string;
  readonly name: string;
  readonly key: string;
  readonly item: BatchItem | undefined;
};

/** What is at the paths of the batch and on the way there, by the folded path. One statement for each depth. */
const readExisting = async (
  { transaction, projectId }: TreeChange,
  items: readonly BatchItem[],
): Promise<Map<string, Node>> => {
  const known = new Map<string, Node>();
  const deepest = items.reduce((most, { nodePath }) => Math.max(most, nodePath.keys.length), 0);
  for (let depth = 1; depth <= deepest; depth++) {
    const wanted = new Map<string, { readonly parentId: string | null; readonly key: string }>();
    for (const { nodePath } of items) {
      if (nodePath.keys.length < depth) continue;
      const parent = nodePath.keys.slice(0, depth - 1).join("/");
      const parentId = depth === 1 ? null : known.get(parent)?.id;
      const key = nodePath.keys[depth - 1] ?? "";
      if (parentId !== undefined) wanted.set(`${parent}/${key}`, { parentId, key });
    }
    if (wanted.size === 0) break;
    const looked = [...wanted.values()];
    const rows = await transaction.query<NodeRow>(CHILDREN, [
      projectId,
      looked.map(({ parentId }) => parentId),
      looked.map(({ key }) => key),
    ]);
    const byPlace = new Map(rows.map((row) => [`${row.parent_id ?? ROOT}/${pathTwinKey(row.name)}`, row]));
    for (const [at, { parentId, key }] of wanted) {
      const row = byPlace.get(`${parentId ?? ROOT}/${key}`);
      if (row !== undefined) known.set(at.replace(/^\//u, ""), row);
    }
  }
  return known;
};

/** Decides about each item; the new nodes are in an order in which parents come first. */
const planBatch = (
  items: readonly BatchItem[],
  known: Map<string, Node>,
  space: { nodes: number; bytes: number },
  limits: TreeChange["limits"],
): { readonly nodes: NewNode[]; readonly refusals: Map<BatchItem, Problem> } => {
  const nodes: NewNode[] = [];
  const refusals = new Map<BatchItem, Problem>();
  const planOne = (item: BatchItem): Problem | undefined => {
    const { names, keys, path } = item.nodePath;
    const missing: NewNode[] = [];
    let parentId: string | null = null;
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1;
      const at = keys.slice(0, index + 1).join("/");
      const here = known.get(at);
      const pathHere = names.slice(0, index + 1).join("/");
      if (here !== undefined) {
        if (here.name !== name) return pathTaken(pathHere);
        if (isLast) return item.content === undefined && here.kind === "folder" ? undefined : pathTaken(path);
        if (here.kind === "file") return notAFolder(pathHere);
        parentId = here.id;
        continue;
      }
      const made: NewNode = {
        id: createId(),
        parentId,
        path: pathHere,
        name,
        key: keys[index] ?? "",
        item: isLast ? item : undefined,
      };
      missing.push(made);
      parentId = made.id;
    }
    const size = item.content?.size ?? 0;
    if (space.nodes + missing.length > limits.mostNodes) return tooManyFiles(limits.mostNodes);
    if (size > 0 && space.bytes + size > limits.mostBytes)
      return tooLarge(`A project may have at most ${limits.mostBytes} bytes.`);
    space.nodes += missing.length;
    space.bytes += size;
    for (const node of missing) {
      const isFile = node.item?.content !== undefined;
      known.set(toNodePath(node.path).keys.join("/"), {
        id: node.id,
        name: node.name,
        kind: isFile ? "file" : "folder",
      });
    }
    nodes.push(...missing);
    return undefined;
  };
  for (const item of items) {
    const refusal = planOne(item);
    if (refusal !== undefined) refusals.set(item, refusal);
  }
  return { nodes, refusals };
};

const keepContents = async (
  { transaction }: TreeChange,
  ownerId: string,
  contents: readonly PreparedContent[],
): Promise<PreparedContent[]> => {
  const unique = [...new Map(contents.map((content) => [content.hash, content])).values()];
  if (unique.length === 0) return [];
  const starts: number[] = [];
  let start = 0;
  for (const { sealed } of unique) {
    starts.push(start);
    start += sealed?.byteLength ?? 0;
  }
  const rows = await transaction.query<{ hash: string; kept: boolean }>(KEEP, [
    ownerId,
    Buffer.concat(unique.flatMap(({ sealed }) => (sealed === null ? [] : [sealed]))),
    unique.map(({ hash }) => hash),
    unique.map(({ size }) => size),
    unique.map(({ storageKey }) => storageKey),
    unique.map(({ wrappedKey }) => wrappedKey.toString("hex")),
    starts,
    unique.map(({ sealed }) => sealed?.byteLength ?? null),
  ]);
  const kept = new Set(rows.flatMap((row) => (row.kept ? [row.hash] : [])));
  return unique.filter(({ hash }) => kept.has(hash));
};

/** The caller holds the tree's lock. An item that can't be made is refused by itself; the others are made. */
export const makeBatch = async (
  change: TreeChange,
  items: readonly BatchItem[],
  who: { readonly ownerId: string; readonly authorId: string },
): Promise<BatchResult> => {
  const { transaction, projectId, limits } = change;
  const known = await readExisting(change, items);
  const [space = { nodes: 0, bytes: 0 }] = await transaction.query<{ nodes: number; bytes: number }>(SPACE, [
    projectId,
  ]);
  const { nodes, refusals } = planBatch(items, known, { ...space }, limits);
  const files = nodes.flatMap(({ id, item }) => (item?.content === undefined ? [] : [{ id, content: item.content }]));
  const kept = await keepContents(
    change,
    who.ownerId,
    files.map(({ content }) => content),
  );
  if (nodes.length === 0) return { outcomes: outcomesOf(items, new Map(), refusals), made: [], kept };
  const rows = await transaction.query<NodeRow>(ADD, [
    projectId,
    nodes.map(({ id }) => id),
    nodes.map(({ parentId }) => parentId),
    nodes.map(({ item }) => (item?.content === undefined ? "folder" : "file")),
    nodes.map(({ name }) => name),
    nodes.map(({ key }) => key),
    nodes.map(({ item }) => item?.content?.hash ?? null),
    nodes.map(({ item }) => item?.content?.size ?? 0),
    nodes.map(({ item }) => item?.content !== undefined && item.executable),
  ]);
  if (files.length > 0) {
    await transaction.query(ADD_VERSIONS, [
      projectId,
      who.authorId,
      files.map(({ id }) => id),
      files.map(({ content }) => content.hash),
      files.map(({ content }) => content.size),
    ]);
    const bytes = files.reduce((sum, { content }) => sum + content.size, 0);
    await transaction.query("select atelier_count_change($1, $2, $3)", [projectId, bytes, files.length]);
  }
  const byId = new Map(rows.map((row) => [row.id, row]));
  const made = new Map<NewNode, Entry>();
  for (const node of nodes) {
    const row = byId.get(node.id);
    if (row === undefined) throw new Error("A node of the batch was not inserted.");
    made.set(node, toEntry(row, node.path));
  }
  return { outcomes: outcomesOf(items, made, refusals), made: [...made.values()], kept };
};

const outcomesOf = (
  items: readonly BatchItem[],
  made: ReadonlyMap<NewNode, Entry>,
  refusals: ReadonlyMap<BatchItem, Problem>,
): BatchOutcome[] => {
  const byItem = new Map<BatchItem, Entry>();
  for (const [{ item }, entry] of made) if (item !== undefined) byItem.set(item, entry);
  return items.map((item) => {
    const problem = refusals.get(item);
    if (problem !== undefined) return { kind: "refused", problem };
    const entry = byItem.get(item);
    return entry === undefined ? { kind: "there" } : { kind: "made", entry };
  });
};
