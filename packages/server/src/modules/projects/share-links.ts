/** The rows of share links. */
import type { GrantedRole, ShareLink } from "@atelier/contracts";
import type { Transaction } from "#platform/sql";
import { noSuchLink, tooManyLinks } from "./errors.ts";

/** Limit of a project's share links, above any real need. */
const MOST_LINKS = 500;

/** A stored link. `tokenSealed` null: it was made before tokens were stored. */
export type StoredLink = Omit<ShareLink, "token" | "url"> & { readonly tokenSealed: Buffer | null };

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
    from share_links l where l.project_id = $1 order by l.created_at`;

const toLink = (row: LinkRow): StoredLink => ({
  id: row.id,
  role: row.role,
  createdAt: row.created_at.toISOString(),
  ...(row.expires_at === null ? {} : { expiresAt: row.expires_at.toISOString() }),
  people: row.people,
  tokenSealed: row.token_sealed,
});

export type NewLink = {
  readonly id: string;
  readonly role: GrantedRole;
  readonly expiresAt?: string;
  /** SHA-256 of the token. */
  readonly tokenHash: Buffer;
  readonly tokenSealed: Buffer;
  readonly createdBy: string;
};

/**
 * @returns for a link that does not expire, the role's existing one if its token is stored; otherwise the new link
 * @throws Problem projects/limit-reached
 */
export const insertLink = async (
  transaction: Transaction,
  projectId: string,
  link: NewLink,
): Promise<{ readonly link: StoredLink; readonly isNew: boolean }> => {
  // One at a time, so that concurrent callers neither exceed the limit nor make the same link twice.
  await transaction.query("select pg_advisory_xact_lock(hashtextextended($1, 5287317))", [projectId]);
  const there = await transaction.query<LinkRow>(LINKS, [projectId]);
  const same =
    link.expiresAt === undefined
      ? there.find((row) => row.role === link.role && row.expires_at === null && row.token_sealed !== null)
      : undefined;
  if (same !== undefined) return { link: toLink(same), isNew: false };
  if (there.length >= MOST_LINKS) throw tooManyLinks(MOST_LINKS);
  const [row] = await transaction.query<Omit<LinkRow, "people">>(
    `insert into share_links (project_id, id, token_hash, token_sealed, role, created_by, expires_at)
      values ($1, $2, $3, $4, $5, $6, $7) returning id, role, created_at, expires_at, token_sealed`,
    [projectId, link.id, link.tokenHash, link.tokenSealed, link.role, link.createdBy, link.expiresAt ?? null],
  );
  if (row === undefined) throw new Error("The link was not inserted.");
  return { link: toLink({ ...row, people: 0 }), isNew: true };
};

export const readLinks = async (transaction: Transaction, projectId: string): Promise<StoredLink[]> =>
  (await transaction.query<LinkRow>(LINKS, [projectId])).map(toLink);

/** Removes the link with the members who joined by it. @returns their ids. @throws Problem projects/no-such-link */
export const deleteLink = async (transaction: Transaction, projectId: string, id: string): Promise<string[]> => {
  const gone = await transaction.query("delete from share_links where project_id = $1 and id = $2 returning id", [
    projectId,
    id,
  ]);
  if (gone.length === 0) throw noSuchLink();
  const left = await transaction.query<{ user_id: string }>(
    "delete from members where project_id = $1 and link_id = $2 and role <> 'owner' returning user_id",
    [projectId, id],
  );
  return left.map((row) => row.user_id);
};

/** Makes the transaction's user a member by a link. @returns the project's id; undefined: there is no such link */
export const joinByLink = async (transaction: Transaction, tokenHash: Buffer): Promise<string | undefined> => {
  const [row] = await transaction.query<{ project: string | null }>("select atelier_accept_link($1) as project", [
    tokenHash,
  ]);
  return row?.project ?? undefined;
};
