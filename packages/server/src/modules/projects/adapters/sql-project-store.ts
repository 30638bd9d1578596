/** Projects and the page's state in them, in PostgreSQL. */
import { Buffer } from "node:buffer";
import type { Project, Role, Visibility } from "@atelier/contracts";
import { isId } from "#kernel/ids";
import { Problem } from "#kernel/problem";
import type { BlobStore, Vault } from "#platform/blobs";
import type { Sql, Transaction } from "#platform/sql";
import { noSuchProject, tooManyProjects } from "../errors.ts";
import { freeName } from "../free-name.ts";
import { placeOf } from "../place.ts";
import type { Asking, NewProject, ProjectStore } from "../ports.ts";
import type { AccountRoom } from "./account-room.ts";
import { createContentStore } from "./content-store.ts";
import { readForFork, writeFork } from "./fork-project.ts";
import { inProject } from "./project-scope.ts";
import { makeFile, type TreeLimits } from "./tree-changes.ts";

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

const readProject = async (transaction: Transaction, projectId: string): Promise<Project> => {
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
    throw new Problem("request/invalid", "The cursor is not one of ours.", {
      faults: [{ at: "cursor", message: "Use nextCursor of the previous page." }],
    });
  }
  return [changedUs, id];
};

/** A number after a name replaces at most so many of its last characters. */
const SAME_BEGINNING = 60;

/** Inserts a project under a name that is free, and its owner's membership. One at a time for each owner. */
const addProject = async (
  transaction: Transaction,
  project: Omit<NewProject, "files">,
  mostProjects: number,
): Promise<void> => {
  // So that concurrent callers neither exceed the limit nor get the same name.
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
  await transaction.query("insert into members (project_id, user_id, role) values ($1, $2, 'owner')", [
    project.id,
    project.ownerId,
  ]);
};

export const createSqlProjectStore = (needs: {
  readonly sql: Sql;
  readonly vault: Vault;
  readonly blobs: BlobStore;
  readonly limits: TreeLimits;
  readonly room: AccountRoom;
  /** Of one account, the bin included. */
  readonly mostProjects: number;
}): ProjectStore => {
  const { sql, limits, room, mostProjects } = needs;
  const contents = createContentStore(needs);

  return {
    async create(project) {
      const userId = project.ownerId;
      await room.requireFor(
        userId,
        project.files.reduce((sum, file) => sum + file.bytes.byteLength, 0),
        { role: "user", userId },
      );
      const prepared = await Promise.all(
        project.files.map(async (file) => ({
          place: placeOf(file.path),
          content: await contents.prepare(userId, file.bytes),
        })),
      );
      const { created, unused } = await sql.transaction(
        { role: "user", userId, projectId: project.id },
        async (transaction) => {
          await addProject(transaction, project, mostProjects);
          const duplicates = [];
          for (const { place, content } of prepared) {
            const change = { transaction, projectId: project.id, limits };
            const { blobUsed } = await makeFile(change, { place, content, ownerId: userId, authorId: userId });
            if (!blobUsed) duplicates.push(content);
          }
          return { created: await readProject(transaction, project.id), unused: duplicates };
        },
      );
      await Promise.all(unused.map((content) => contents.discard(content)));
      return created;
    },

    async fork(asking, project) {
      const source = await this.get(asking);
      const owner = { from: source.owner.id, to: asking.userId };
      // Content of one owner is stored once; an account may have no reference yet to another owner's content.
      if (owner.from !== owner.to)
        await room.requireFor(owner.to, source.sizeBytes, { role: "user", userId: owner.to });
      const copy = await inProject(sql, { ...asking, atLeast: "viewer" }, async (transaction) => {
        const tree = await readForFork(transaction, {
          projectId: asking.projectId,
          ownerId: owner.from,
          forOwner: owner.to,
          limits,
        });
        // The following statements are in the scope of the copy.
        await transaction.query("select set_config('atelier.project_id', $1, true)", [project.id]);
        await addProject(transaction, { ...project, ownerId: owner.to }, mostProjects);
        await writeFork(transaction, tree, { projectId: project.id, owner, vault: needs.vault });
        return readProject(transaction, project.id);
      });
      if (owner.from !== owner.to) room.kept(owner.to, copy.sizeBytes);
      return copy;
    },

    list: (userId, { cursor, limit }) =>
      sql.transaction({ role: "user", userId }, async (transaction) => {
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
      }),

    get: (asking) =>
      inProject(sql, { ...asking, atLeast: "viewer" }, (transaction) => readProject(transaction, asking.projectId)),

    update: (asking, change) =>
      inProject(sql, { ...asking, atLeast: "owner" }, async (transaction) => {
        await transaction.query(
          `update projects set name = coalesce($2, name), description = coalesce($3, description),
              visibility = coalesce($4, visibility),
              keep_run_files = coalesce($5, keep_run_files), updated_at = clock_timestamp()
            where id = $1`,
          [
            asking.projectId,
            change.name ?? null,
            change.description ?? null,
            change.visibility ?? null,
            change.keepRunFiles ?? null,
          ],
        );
        return readProject(transaction, asking.projectId);
      }),

    async setDeleted(asking, deleted) {
      if (deleted) {
        await inProject(sql, { ...asking, atLeast: "owner" }, (transaction) =>
          transaction.query("update projects set deleted_at = now() where id = $1", [asking.projectId]),
        );
        return;
      }
      // What lies in the bin is visible to its owner only, so there is no role to ask.
      const rows = isId(asking.projectId)
        ? await sql.transaction({ role: "user", ...asking }, (transaction) =>
            transaction.query(
              `update projects set deleted_at = null, updated_at = clock_timestamp()
                where id = $1 and owner_id = atelier_user() and purge_started_at is null returning id`,
              [asking.projectId],
            ),
          )
        : [];
      // A user who sees the project (so it is not in the bin) but does not own it gets 403.
      if (rows.length === 0) await inProject(sql, { ...asking, atLeast: "owner" }, () => Promise.resolve());
    },

    async roleOf(asking) {
      if (!isId(asking.projectId) || !isId(asking.userId)) return undefined;
      const rows = await sql.transaction({ role: "user", ...asking }, (transaction) =>
        transaction.query<{ role: Role | null }>("select atelier_role() as role", []),
      );
      return rows[0]?.role ?? undefined;
    },

    editorState: (asking: Asking, replace) =>
      inProject(sql, { ...asking, atLeast: "viewer" }, async (transaction) => {
        if (replace !== undefined) {
          await transaction.query(
            `insert into editor_states (project_id, user_id, state) values ($1, $2, $3)
              on conflict (project_id, user_id) do update set state = excluded.state, updated_at = now()`,
            [asking.projectId, asking.userId, JSON.stringify(replace)],
          );
          return { ...replace };
        }
        const rows = await transaction.query<{ state: Record<string, unknown> }>(
          "select state from editor_states where project_id = $1 and user_id = $2",
          [asking.projectId, asking.userId],
        );
        return rows[0]?.state ?? {};
      }),
  };
};
