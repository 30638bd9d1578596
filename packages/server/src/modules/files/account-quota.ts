/**
 * The bytes that an account stores, including old versions, histories of live documents and the bin: queried periodically, and counted in
 * between.
 */
import type { Clock } from "#kernel/clock";
import type { Scope, Sql } from "#platform/sql";
import { accountFull } from "./errors.ts";

const LOOK_EVERY_MS = 60_000;
const MAX_REMEMBERED = 10_000;

/** The scope in which a user writes; the account charged is the project's owner's, or the user's own. */
export type UserScope = Extract<Scope, { readonly role: "user" }>;

export type AccountQuota = {
  /**
   * Checks that the bytes fit. A user without the right to write is not refused here, unless an earlier check of another user has
   * already queried the account.
   * @throws Problem projects/too-large when the account would exceed its limit.
   */
  requireFor(ownerId: string, bytes: number, scope: UserScope): Promise<void>;
  /** For background work. True when the account has reached its limit. */
  isFull(ownerId: string): Promise<boolean>;
  /** Counts content that was stored since the last query. */
  added(ownerId: string, bytes: number): void;
};

export const createAccountQuota = (needs: {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly mostBytes: number;
}): AccountQuota => {
  const { sql, clock, mostBytes } = needs;
  const known = new Map<string, { bytes: number; readonly untilMs: number }>();

  const remember = (ownerId: string, bytes: number): number => {
    const oldest = known.size >= MAX_REMEMBERED ? known.keys().next() : undefined;
    if (oldest?.done === false) known.delete(oldest.value);
    known.delete(ownerId);
    known.set(ownerId, { bytes, untilMs: clock.monotonic() + LOOK_EVERY_MS });
    return bytes;
  };
  const remembered = (ownerId: string): number | undefined => {
    const entry = known.get(ownerId);
    return entry !== undefined && clock.monotonic() < entry.untilMs ? entry.bytes : undefined;
  };
  /** Undefined: the user may not write there; the write itself reports that. */
  const bytesFor = async (ownerId: string, scope: UserScope): Promise<number | undefined> => {
    const rows = await sql.transaction(scope, (transaction) =>
      transaction.query<{ bytes: number | null }>("select atelier_account_bytes() as bytes", []),
    );
    const bytes = rows[0]?.bytes ?? undefined;
    return bytes === undefined ? undefined : remember(ownerId, bytes);
  };
  const bytesOf = async (ownerId: string): Promise<number> => {
    const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ bytes: number }>(
        `select (
            (select coalesce(sum(size), 0) from blob_references where owner_id = $1)
            + (select coalesce(sum(d.history_bytes), 0) from documents d join projects p on p.id = d.project_id
                where p.owner_id = $1))::bigint as bytes`,
        [ownerId],
      ),
    );
    return remember(ownerId, rows[0]?.bytes ?? 0);
  };

  return {
    async requireFor(ownerId, bytes, scope) {
      const kept = remembered(ownerId) ?? (await bytesFor(ownerId, scope)) ?? 0;
      if (kept + bytes > mostBytes) throw accountFull(mostBytes);
    },
    isFull: async (ownerId) => (remembered(ownerId) ?? (await bytesOf(ownerId))) >= mostBytes,
    added(ownerId, bytes) {
      const entry = known.get(ownerId);
      if (entry !== undefined) entry.bytes += bytes;
    },
  };
};
