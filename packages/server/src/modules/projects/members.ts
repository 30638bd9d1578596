/** The rows of members: those of one project, and those of all projects whose share link has expired. */
import type { GrantedRole, Member, Role } from "@atelier/contracts";
import type { Transaction } from "#platform/sql";
import { lastOwner, noSuchMember } from "./errors.ts";

type MemberRow = {
  readonly user_id: string;
  readonly role: Role;
  readonly since: Date;
  readonly link_id: string | null;
};

/** @param userId reads only this member */
export const readMembers = async (transaction: Transaction, projectId: string, userId?: string): Promise<Member[]> => {
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

/** @throws Problem projects/no-such-member */
const requireMember = async (transaction: Transaction, projectId: string, userId: string): Promise<Member> => {
  const [member] = await readMembers(transaction, projectId, userId);
  if (member === undefined) throw noSuchMember();
  return member;
};

export const insertOwner = async (transaction: Transaction, projectId: string, userId: string): Promise<void> => {
  await transaction.query("insert into members (project_id, user_id, role) values ($1, $2, 'owner')", [
    projectId,
    userId,
  ]);
};

/** Adds a member, or gives a member another role, which then no longer depends on a link. @throws Problem projects/no-such-member */
export const putMember = async (
  transaction: Transaction,
  projectId: string,
  member: { readonly userId: string; readonly role: GrantedRole },
): Promise<Member> => {
  const { userId, role } = member;
  const [person] = await transaction.query<{ known: boolean }>("select atelier_user_exists($1) as known", [userId]);
  if (person?.known !== true) throw noSuchMember();
  await transaction.query(
    `insert into members (project_id, user_id, role) values ($1, $2, $3)
      on conflict (project_id, user_id) do update set role = excluded.role, link_id = null, expires_at = null`,
    [projectId, userId, role],
  );
  return requireMember(transaction, projectId, userId);
};

/** @throws Problem projects/no-such-member, projects/last-owner */
export const removeMember = async (transaction: Transaction, projectId: string, userId: string): Promise<void> => {
  const member = await requireMember(transaction, projectId, userId);
  if (member.role === "owner") throw lastOwner();
  await transaction.query("delete from members where project_id = $1 and user_id = $2", [projectId, userId]);
};

/** The share link by which a user is a member; undefined for others and for members added by the owner. */
export const linkOfMember = async (
  transaction: Transaction,
  projectId: string,
  userId: string,
): Promise<string | undefined> => {
  const [row] = await transaction.query<{ link_id: string | null }>(
    "select link_id from members where project_id = $1 and user_id = $2",
    [projectId, userId],
  );
  return row?.link_id ?? undefined;
};

const REMOVE_EXPIRED = `
  delete from members where (project_id, user_id) in (
      select project_id, user_id from members where expires_at <= now() and role <> 'owner'
        order by expires_at limit $1 for update skip locked)
    returning project_id, user_id`;

/** Uses the database's clock, which also decides on rights. */
const NEXT_EXPIRY = `
  select (extract(epoch from min(expires_at) - clock_timestamp()) * 1000)::float8 as in_ms
    from members where expires_at > now()`;

export type ExpiredMembers = {
  readonly removed: ReadonlyArray<{ readonly projectId: string; readonly userId: string }>;
  /** Time until the next one expires; absent when there is none. */
  readonly nextInMs?: number;
};

/** Removes at most `limit` expired members of all projects. */
export const removeExpiredMembers = async (transaction: Transaction, limit: number): Promise<ExpiredMembers> => {
  const gone = await transaction.query<{ project_id: string; user_id: string }>(REMOVE_EXPIRED, [limit]);
  const [next] = await transaction.query<{ in_ms: number | null }>(NEXT_EXPIRY, []);
  return {
    removed: gone.map((row) => ({ projectId: row.project_id, userId: row.user_id })),
    ...(next?.in_ms === undefined || next.in_ms === null ? {} : { nextInMs: Math.max(0, Math.ceil(next.in_ms)) }),
  };
};
