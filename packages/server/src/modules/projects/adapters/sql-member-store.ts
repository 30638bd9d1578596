/** Members and share links in PostgreSQL. */
import type { GrantedRole, Member, Role } from "@atelier/contracts";
import { isId } from "#kernel/ids";
import { isOvertaken, type Sql, type Transaction } from "#platform/sql";
import { lastOwner, noSuchLink, noSuchMember, roleTooLow, tooManyLinks } from "../errors.ts";
import type { Asking, KeptLink, MemberStore } from "../ports.ts";
import { inProject } from "./project-scope.ts";

/** Limit on a project's share links: more than anybody needs, so that nobody makes them without end. */
const MOST_LINKS = 500;

type MemberRow = {
  readonly user_id: string;
  readonly role: Role;
  readonly since: Date;
  readonly link_id: string | null;
};
type LinkRow = {
  readonly id: string;
  readonly role: GrantedRole;
  readonly created_at: Date;
  readonly expires_at: Date | null;
  readonly token_sealed: Buffer | null;
  readonly people: number;
};

const LINKS = `
  select l.id, l.role, l.created_at, l.expires_at, l.token_sealed,
      (select count(*) from members m
        where m.project_id = l.project_id and m.link_id = l.id and (m.expires_at is null or m.expires_at > now())) as people
    from share_links l where l.project_id = $1`;

const toLink = (row: LinkRow): KeptLink => ({
  id: row.id,
  role: row.role,
  createdAt: row.created_at.toISOString(),
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
  people: row.people,
  tokenSealed: row.token_sealed,
});

const readMembers = async (transaction: Transaction, { projectId }: Asking, userId?: string): Promise<Member[]> => {
  const rows = await transaction.query<MemberRow>(
    `select user_id, role, since, link_id from members
      where project_id = $1 and ($2::uuid is null or user_id = $2) and (expires_at is null or expires_at > now())
      order by since, user_id`,
    [projectId, userId ?? null],
  );
  const people = await transaction.query<{ id: string; name: string }>("select id, name from atelier_names($1)", [
    rows.map((row) => row.user_id),
  ]);
  const names = new Map(people.map(({ id, name }) => [id, name]));
  return rows.map((row) => ({
    userId: row.user_id,
    name: names.get(row.user_id) ?? "",
    role: row.role,
    since: row.since.toISOString(),
    ...(row.link_id === null ? {} : { linkId: row.link_id }),
  }));
};

const requireMember = async (transaction: Transaction, asking: Asking, userId: string): Promise<Member> => {
  const [member] = await readMembers(transaction, asking, userId);
  if (member === undefined) throw noSuchMember();
  return member;
};

export const createSqlMemberStore = (sql: Sql): MemberStore => ({
  list: (asking) => inProject(sql, { ...asking, atLeast: "viewer" }, (transaction) => readMembers(transaction, asking)),

  put: (asking, userId, role) =>
    inProject(sql, { ...asking, atLeast: "owner" }, async (transaction) => {
      if (userId === asking.userId) throw lastOwner();
      const [person] = await transaction.query<{ known: boolean }>("select atelier_user_exists($1) as known", [userId]);
      if (person?.known !== true) throw noSuchMember();
      await transaction.query(
        `insert into members (project_id, user_id, role) values ($1, $2, $3)
          on conflict (project_id, user_id) do update set role = excluded.role, link_id = null, expires_at = null`,
        [asking.projectId, userId, role],
      );
      return requireMember(transaction, asking, userId);
    }),

  remove: (asking, userId) =>
    inProject(sql, { ...asking, atLeast: "viewer" }, async (transaction, role) => {
      if (role !== "owner" && userId !== asking.userId) throw roleTooLow();
      const member = await requireMember(transaction, asking, userId);
      if (member.role === "owner") throw lastOwner();
      await transaction.query("delete from members where project_id = $1 and user_id = $2", [asking.projectId, userId]);
    }),

  createLink: (asking, link) =>
    inProject(sql, { ...asking, atLeast: "owner" }, async (transaction) => {
      // One at a time, so that concurrent callers neither exceed the limit nor make the same link twice.
      await transaction.query("select pg_advisory_xact_lock(hashtextextended($1, 5287317))", [asking.projectId]);
      const there = await transaction.query<LinkRow>(`${LINKS} order by l.created_at`, [asking.projectId]);
      const same =
        link.expiresAt === undefined
          ? there.find((row) => row.role === link.role && row.expires_at === null && row.token_sealed !== null)
          : undefined;
      if (same !== undefined) return { link: toLink(same), isNew: false };
      if (there.length >= MOST_LINKS) throw tooManyLinks(MOST_LINKS);
      const [row] = await transaction.query<Omit<LinkRow, "people">>(
        `insert into share_links (project_id, id, token_hash, token_sealed, role, created_by, expires_at)
          values ($1, $2, $3, $4, $5, $6, $7) returning id, role, created_at, expires_at, token_sealed`,
        [asking.projectId, link.id, link.tokenHash, link.tokenSealed, link.role, asking.userId, link.expiresAt ?? null],
      );
      if (row === undefined) throw new Error("The link was not inserted.");
      return { link: toLink({ ...row, people: 0 }), isNew: true };
    }),

  listLinks: (asking) =>
    inProject(sql, { ...asking, atLeast: "owner" }, async (transaction) =>
      (await transaction.query<LinkRow>(`${LINKS} order by l.created_at`, [asking.projectId])).map(toLink),
    ),

  deleteLink: (asking, id) =>
    inProject(sql, { ...asking, atLeast: "owner" }, async (transaction) => {
      const gone = await transaction.query("delete from share_links where project_id = $1 and id = $2 returning id", [
        asking.projectId,
        id,
      ]);
      if (gone.length === 0) throw noSuchLink();
      const left = await transaction.query<{ user_id: string }>(
        "delete from members where project_id = $1 and link_id = $2 and role <> 'owner' returning user_id",
        [asking.projectId, id],
      );
      return left.map((row) => row.user_id);
    }),

  linkOf: (userId, projectId) =>
    isId(projectId)
      ? sql.transaction({ role: "user", userId, projectId }, async (transaction) => {
          const [row] = await transaction.query<{ link_id: string | null }>(
            "select link_id from members where project_id = $1 and user_id = $2",
            [projectId, userId],
          );
          return row?.link_id ?? undefined;
        })
      : Promise.resolve(undefined),

  async acceptLink(userId, tokenHash) {
    const project = await sql
      .transaction({ role: "user", userId }, async (transaction) => {
        const [row] = await transaction.query<{ project: string | null }>("select atelier_accept_link($1) as project", [
          tokenHash,
        ]);
        return row?.project;
      })
      .catch((error: unknown) => {
        // The project was removed for good while the link was being accepted.
        if (isOvertaken(error)) throw noSuchLink();
        throw error;
      });
    if (project === undefined || project === null) throw noSuchLink();
    return project;
  },
});
