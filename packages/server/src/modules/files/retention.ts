/** Removes old rows of all projects. Each function is one short, idempotent transaction. */
import type { Transaction } from "#platform/sql";
import { OWNER_CONTENT_LOCK } from "./fork-project.ts";

const DELETE_REPLAYS = `
  delete from idempotency_keys where (user_id, key) in (
      select user_id, key from idempotency_keys where created_at < $1 order by created_at limit $2)
    returning true as gone`;

/** Files before folders: a folder can only be removed when it is empty. */
const BINNED_NODES = `
  select n.project_id, n.id from nodes n
    where n.deleted_at < $1
      and not exists (select from nodes c where c.project_id = n.project_id and c.parent_id = n.id)
    order by n.deleted_at limit $2 for update skip locked`;

const START_PURGE = `
  update projects set purge_started_at = coalesce(purge_started_at, now())
    where id = (
      select id from projects where deleted_at < $1 order by deleted_at limit 1 for update skip locked)
    returning id`;

const NODES_OF_PROJECT = `
  select n.project_id, n.id from nodes n
    where n.project_id = $1
      and not exists (select from nodes c where c.project_id = n.project_id and c.parent_id = n.id)
    limit $2 for update skip locked`;

/** Their content may be unused now, which a later step checks. */
const DELETE_VERSIONS_OF_NODES = `
  with doomed as (select * from unnest($1::uuid[], $2::uuid[]) as d (project_id, file_id)),
  gone as (
    delete from file_versions v using doomed d where v.project_id = d.project_id and v.file_id = d.file_id
      returning v.project_id, v.hash)
  insert into blob_candidates (owner_id, hash)
    select distinct p.owner_id, g.hash from gone g join projects p on p.id = g.project_id
    on conflict (owner_id, hash) do update set noted_at = now()`;

const DELETE_NODES = `
  delete from nodes n using unnest($1::uuid[], $2::uuid[]) as d (project_id, id)
    where n.project_id = d.project_id and n.id = d.id`;

/** A file of one or two versions has nothing to thin. */
const FILES_WITH_VERSIONS = `
  with files as (
    select n.project_id, n.id from nodes n
      where n.kind = 'file' and n.version > 2 and ($2::uuid is null or (n.project_id, n.id) > ($2, $3))
      order by n.project_id, n.id limit $4)
  select f.project_id, f.id as file_id,
      coalesce(array_agg(v.version order by v.version) filter (where v.version is not null), '{}') as versions,
      coalesce(array_agg((extract(epoch from v.created_at) * 1000)::float8 order by v.version)
        filter (where v.version is not null), '{}') as times
    from files f
    left join file_versions v on v.project_id = f.project_id and v.file_id = f.id and v.created_at < $1
    group by f.project_id, f.id order by f.project_id, f.id`;

const DELETE_VERSIONS = `
  with doomed as (select * from unnest($1::uuid[], $2::uuid[], $3::integer[]) as d (project_id, file_id, version)),
  gone as (
    delete from file_versions v using doomed d
      where v.project_id = d.project_id and v.file_id = d.file_id and v.version = d.version
        and not exists (
          select from nodes n where n.project_id = v.project_id and n.id = v.file_id and n.version = v.version)
        and not exists (
          select from documents o
            where o.project_id = v.project_id and o.file_id = v.file_id and v.version in (o.base_version, o.base_version + 1))
        and not exists (
          select from file_version_uses u
            where u.project_id = v.project_id and u.file_id = v.file_id and u.version = v.version and u.kept_until > now())
      returning v.project_id, v.hash),
  noted as (
    insert into blob_candidates (owner_id, hash)
      select distinct p.owner_id, g.hash from gone g join projects p on p.id = g.project_id
      on conflict (owner_id, hash) do update set noted_at = now())
  select count(*) as gone from gone`;

const DELETE_USES = `
  delete from file_version_uses where (project_id, file_id, version) in (
      select project_id, file_id, version from file_version_uses where kept_until < $1 order by kept_until limit $2)
    returning true as gone`;

const CANDIDATES = `
  select owner_id, hash from blob_candidates where noted_at < $1 order by noted_at limit $2 for update skip locked`;

/** A save of this content, or a fork into this account, has its lock in shared mode; then the content is checked in a later round. */
const LOCK_CONTENT = `
  select c.owner_id, c.hash from unnest($1::uuid[], $2::text[]) as c (owner_id, hash)
    where pg_try_advisory_xact_lock(hashtextextended(c.owner_id::text, ${OWNER_CONTENT_LOCK}))
      and pg_try_advisory_xact_lock(hashtextextended(c.owner_id::text || c.hash, 5287315))`;

/**
 * A separate statement after the locks, so that it sees every version committed until then. Bytes that another owner also refers to,
 * through a fork, are kept.
 */
const DELETE_UNUSED = `
  with candidates as (select * from unnest($1::uuid[], $2::text[]) as c (owner_id, hash)),
  used as materialized (
    select distinct p.owner_id, v.hash
      from projects p join file_versions v on v.project_id = p.id
      where p.owner_id = any ($1) and v.hash = any ($2)),
  looked as (delete from blob_candidates b using candidates c where b.owner_id = c.owner_id and b.hash = c.hash),
  gone as (
    delete from blob_references b using candidates c
      where b.owner_id = c.owner_id and b.hash = c.hash
        and not exists (select from used u where u.owner_id = b.owner_id and u.hash = b.hash)
      returning b.owner_id, b.hash, b.storage_key),
  unshared as (
    select distinct g.storage_key from gone g
      where not exists (
        select from blob_references o
          where o.storage_key = g.storage_key
            and not exists (select from gone x where x.owner_id = o.owner_id and x.hash = o.hash))),
  unstaged as (delete from blob_staging s using unshared u where s.storage_key = u.storage_key)
  select storage_key from unshared`;

const KNOWN_KEYS = `
  select storage_key from blob_references where storage_key = any ($1)
  union select storage_key from blob_staging where storage_key = any ($1)
  union select storage_key from document_snapshots where storage_key = any ($1)`;

type NodeKey = { readonly project_id: string; readonly id: string };
type ContentKey = { readonly owner_id: string; readonly hash: string };

const deleteNodes = async (transaction: Transaction, nodes: readonly NodeKey[]): Promise<void> => {
  if (nodes.length === 0) return;
  const keys = [nodes.map((node) => node.project_id), nodes.map((node) => node.id)];
  await transaction.query(DELETE_VERSIONS_OF_NODES, keys);
  await transaction.query(DELETE_NODES, keys);
};

/** A file in the order in which retention goes through all of them. */
export type FileCursor = { readonly projectId: string; readonly fileId: string };
export type FileVersions = FileCursor & {
  readonly versions: readonly { readonly version: number; readonly atMs: number }[];
};

/** Stored answers to repeated requests. @returns how many were removed */
export const deleteReplays = async (transaction: Transaction, before: Date, limit: number): Promise<number> =>
  (await transaction.query(DELETE_REPLAYS, [before, limit])).length;

/** Files and folders that were deleted before, with their versions. @returns how many were removed */
export const deleteBinnedNodes = async (transaction: Transaction, before: Date, limit: number): Promise<number> => {
  const nodes = await transaction.query<NodeKey>(BINNED_NODES, [before, limit]);
  await deleteNodes(transaction, nodes);
  return nodes.length;
};

/**
 * The contents of projects that were deleted before, then the projects. A project whose removal has begun can't be restored.
 * @returns how many rows were removed
 */
export const deleteBinnedProjects = async (transaction: Transaction, before: Date, limit: number): Promise<number> => {
  const [project] = await transaction.query<{ id: string }>(START_PURGE, [before]);
  if (project === undefined) return 0;
  const nodes = await transaction.query<NodeKey>(NODES_OF_PROJECT, [project.id, limit]);
  await deleteNodes(transaction, nodes);
  if (nodes.length < limit) {
    // Folders whose last child was just removed are removed in the next step.
    await transaction.query(
      "delete from projects p where p.id = $1 and not exists (select from nodes n where n.project_id = p.id)",
      [project.id],
    );
  }
  return nodes.length + 1;
};

/** Files with several versions, and of them the versions made before. `next` undefined: those were the last. */
export const filesWithVersions = async (
  transaction: Transaction,
  before: Date,
  { after, limit }: { readonly after: FileCursor | undefined; readonly limit: number },
): Promise<{ readonly files: FileVersions[]; readonly next: FileCursor | undefined }> => {
  const rows = await transaction.query<{
    project_id: string;
    file_id: string;
    versions: number[];
    times: number[];
  }>(FILES_WITH_VERSIONS, [before, after?.projectId ?? null, after?.fileId ?? null, limit]);
  const files = rows.map((row): FileVersions => ({
    projectId: row.project_id,
    fileId: row.file_id,
    versions: row.versions.map((version, index) => ({ version, atMs: row.times[index] ?? 0 })),
  }));
  return { files, next: files.length < limit ? undefined : files.at(-1) };
};

/** Keeps the newest version, and those that a live document or an execution refers to. @returns how many were removed */
export const deleteVersions = async (
  transaction: Transaction,
  versions: readonly (FileCursor & { readonly version: number })[],
): Promise<number> => {
  const [row] = await transaction.query<{ gone: number }>(DELETE_VERSIONS, [
    versions.map(({ projectId }) => projectId),
    versions.map(({ fileId }) => fileId),
    versions.map(({ version }) => version),
  ]);
  return row?.gone ?? 0;
};

/** Expired notes of versions that executions refer to. @returns how many were removed */
export const deleteVersionUses = async (transaction: Transaction, before: Date, limit: number): Promise<number> =>
  (await transaction.query(DELETE_USES, [before, limit])).length;

/**
 * Content whose last known version was removed before: removes what no version refers to, except what is being saved right now.
 * @returns the keys whose blobs may be removed
 */
export const deleteUnusedContent = async (
  transaction: Transaction,
  before: Date,
  limit: number,
): Promise<{ readonly looked: number; readonly storageKeys: string[] }> => {
  const candidates = await transaction.query<ContentKey>(CANDIDATES, [before, limit]);
  const keysOf = (rows: readonly ContentKey[]) => [rows.map((row) => row.owner_id), rows.map((row) => row.hash)];
  const locked = await transaction.query<ContentKey>(LOCK_CONTENT, keysOf(candidates));
  const gone = await transaction.query<{ storage_key: string }>(DELETE_UNUSED, keysOf(locked));
  return { looked: locked.length, storageKeys: gone.map((row) => row.storage_key) };
};

/** The keys that a content row has. */
export const knownStorageKeys = async (
  transaction: Transaction,
  storageKeys: readonly string[],
): Promise<ReadonlySet<string>> => {
  const rows = await transaction.query<{ storage_key: string }>(KNOWN_KEYS, [storageKeys]);
  return new Set(rows.map((row) => row.storage_key));
};
