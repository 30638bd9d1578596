/** The rows of projects. */
import { Buffer } from "node:buffer";
import type { Project, Role, Visibility } from "@atelier/contracts";
import { isId } from "#kernel/ids";
import { Problem } from "#kernel/problem";
import type { Transaction } from "#platform/sql";
import { noSuchProject, tooManyProjects } from "./errors.ts";
import { freeName } from "./free-name.ts";
import { insertOwner } from "./members.ts";

type ProjectRow = {
  readonly id: string;
  readonly slug: string;
  readonly owner_id: string;
  readonly name: string;
  readonly description: string;
  readonly visibility: Visibility;
  readonly keep_run_files: boolean;
  readonly size: number;
  readonly files: number;
  readonly created_at: Date;
  readonly updated_at: Date;
  /** updated_at in whole microseconds: a Date would round it. */
  readonly changed_us: number;
  readonly role: Role | null;
};

const PROJECT = `
  select p.id, p.slug, p.owner_id, p.name, p.description, p.visibility, p.keep_run_files, p.created_at, p.updated_at,
      (extract(epoch from p.updated_at) * 1000000)::bigint as changed_us,
      p.size_bytes + left_over.size as size, p.file_count + left_over.files as files,
      case when p.owner_id = atelier_user() then 'owner' else coalesce(m.role, 'viewer') end as role
    from projects p
    left join members m on m.project_id = p.id and m.user_id = atelier_user()
      and (m.expires_at is null or m.expires_at > now())
    cross join lateral (
      select coalesce(sum(c.size_delta), 0)::bigint as size, coalesce(sum(c.file_delta), 0)::bigint as files
        from project_changes c where c.project_id = p.id) left_over
    where p.deleted_at is null`;

const toProjects = async (transaction: Transaction, rows: readonly ProjectRow[]): Promise<Project[]> => {
  const owners = await transaction.query<{ id: string; name: string }>("select id, name from atelier_names($1)", [
    [...new Set(rows.map((row) => row.owner_id))],
  ]);
  const names = new Map(owners.map(({ id, name }) => [id, name]));
  return rows.map((row) => ({
    id: row.id,
    slug: row.slug,
    name: row.name,
    description: row.description,
    owner: { id: row.owner_id, name: names.get(row.owner_id) ?? "" },
    visibility: row.visibility,
    role: row.role ?? "viewer",
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    sizeBytes: row.size,
    fileCount: row.files,
    keepRunFiles: row.keep_run_files,
  }));
};

/** @throws Problem projects/no-such-project */
export const readProject = async (transaction: Transaction, projectId: string): Promise<Project> => {
  const rows = await transaction.query<ProjectRow>(`${PROJECT} and p.id = $1`, [projectId]);
  const [project] = await toProjects(transaction, rows);
  if (project === undefined) throw noSuchProject();
  return project;
};

const CURSOR = /^(\d{1,17})\.([0-9a-f-]{36})$/u;
const toCursor = (row: ProjectRow): string => Buffer.from(`${row.changed_us}.${row.id}`).toString("base64url");
const parseCursor = (cursor: string): readonly [string, string] => {
  const [, changedUs, id] = CURSOR.exec(Buffer.from(cursor, "base64url").toString()) ?? [];
  if (changedUs === undefined || id === undefined || !isId(id)) {
    throw new Problem("request/invalid", "The cursor is not valid.", {
      faults: [{ at: "cursor", message: "Use nextCursor of the previous page." }],
    });
  }
  return [changedUs, id];
};

/** An appended number replaces at most the characters of a name after these. */
const SAME_BEGINNING = 60;

export type NewProject = {
  readonly id: string;
  readonly slug: string;
  readonly name: string;
  readonly description: string;
  readonly visibility: Visibility;
  readonly ownerId: string;
};

/**
 * Inserts a project of the transaction's user with the owner's membership. If the owner uses the name already, a number is appended.
 * @param mostProjects limit per account, including the bin
 * @throws Problem projects/limit-reached
 */
export const insertProject = async (
  transaction: Transaction,
  project: NewProject,
  mostProjects: number,
): Promise<void> => {
  // One at a time for each owner, so that concurrent callers neither exceed the limit nor get the same name.
  await transaction.query("select pg_advisory_xact_lock(hashtextextended($1, 5287316))", [project.ownerId]);
  const [own] = await transaction.query<{ n: number }>(
    "select count(*) as n from projects where owner_id = atelier_user()",
  );
  if ((own?.n ?? 0) >= mostProjects) throw tooManyProjects(mostProjects);
  const alike = await transaction.query<{ name: string }>(
    `select name from projects
      where owner_id = atelier_user() and deleted_at is null and starts_with(name, left($1, ${SAME_BEGINNING}))`,
    [project.name],
  );
  const name = freeName(project.name, new Set(alike.map((row) => row.name)));
  await transaction.query(
    "insert into projects (id, slug, owner_id, name, description, visibility) values ($1, $2, $3, $4, $5, $6)",
    [project.id, project.slug, project.ownerId, name, project.description, project.visibility],
  );
  await insertOwner(transaction, project.id, project.ownerId);
};

/** The transaction's user's own and shared projects, newest change first. @throws Problem request/invalid for a foreign cursor */
export const listProjects = async (
  transaction: Transaction,
  { cursor, limit }: { readonly cursor: string | undefined; readonly limit: number },
): Promise<{ items: Project[]; nextCursor?: string }> => {
  const [changedUs, id] = cursor === undefined ? [null, null] : parseCursor(cursor);
  const rows = await transaction.query<ProjectRow>(
    `${PROJECT} and (p.owner_id = atelier_user() or m.user_id is not null)
      and ($1::bigint is null or (p.updated_at, p.id) < ('epoch'::timestamptz + $1 * interval '1 microsecond', $2::uuid))
      order by p.updated_at desc, p.id desc limit $3`,
    [changedUs, id, limit + 1],
  );
  const shown = rows.slice(0, limit);
  const end = shown.at(-1);
  const items = await toProjects(transaction, shown);
  return rows.length > limit && end !== undefined ? { items, nextCursor: toCursor(end) } : { items };
};

export type ProjectChange = {
  readonly name?: string | undefined;
  readonly description?: string | undefined;
  readonly visibility?: Visibility | undefined;
  readonly keepRunFiles?: boolean | undefined;
};

export const updateProject = async (
  transaction: Transaction,
  projectId: string,
  change: ProjectChange,
): Promise<Project> => {
  await transaction.query(
    `update projects set name = coalesce($2, name), description = coalesce($3, description),
        visibility = coalesce($4, visibility),
        keep_run_files = coalesce($5, keep_run_files), updated_at = clock_timestamp()
      where id = $1`,
    [
      projectId,
      change.name ?? null,
      change.description ?? null,
      change.visibility ?? null,
      change.keepRunFiles ?? null,
    ],
  );
  return readProject(transaction, projectId);
};

/** Moves a project into the bin. */
export const binProject = async (transaction: Transaction, projectId: string): Promise<void> => {
  await transaction.query("update projects set deleted_at = now() where id = $1", [projectId]);
};

/** Takes a project out of the bin. @returns false when the transaction's user has no such project there, or its removal has begun */
export const unbinProject = async (transaction: Transaction, projectId: string): Promise<boolean> => {
  const rows = await transaction.query(
    `update projects set deleted_at = null, updated_at = clock_timestamp()
      where id = $1 and owner_id = atelier_user() and purge_started_at is null returning id`,
    [projectId],
  );
  return rows.length > 0;
};
