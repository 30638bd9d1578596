/** How much an account keeps, old versions and the bin included: looked up now and then, and counted in between. */
import type { Clock } from "#kernel/clock";
import type { Sql } from "#platform/sql";
import { accountFull } from "../errors.ts";

const LOOK_EVERY_MS = 60_000;
const MAX_REMEMBERED = 10_000;

export type AccountRoom = {
  /** @throws Problem projects/too-large when the account would keep more than it may with so many bytes more. */
  requireFor(ownerId: string, bytes: number): Promise<void>;
  /** True when the account keeps all it may, or more. */
  isFull(ownerId: string): Promise<boolean>;
  /** Counts content that was stored since the last look. */
  kept(ownerId: string, bytes: number): void;
};

export const createAccountRoom = (needs: {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly mostBytes: number;
}): AccountRoom => {
  const { sql, clock, mostBytes } = needs;
  const known = new Map<string, { bytes: number; readonly untilMs: number }>();

  const look = async (ownerId: string): Promise<number> => {
    const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ bytes: number }>(
        "select coalesce(sum(size), 0)::bigint as bytes from blob_references where owner_id = $1",
        [ownerId],
      ),
    );
    return rows[0]?.bytes ?? 0;
  };
  const bytesOf = async (ownerId: string): Promise<number> => {
    const entry = known.get(ownerId);
    if (entry !== undefined && clock.monotonic() < entry.untilMs) return entry.bytes;
    const bytes = await look(ownerId);
    const oldest = known.size >= MAX_REMEMBERED ? known.keys().next() : undefined;
    if (oldest?.done === false) known.delete(oldest.value);
    known.delete(ownerId);
    known.set(ownerId, { bytes, untilMs: clock.monotonic() + LOOK_EVERY_MS });
    return bytes;
  };

  return {
    async requireFor(ownerId, bytes) {
      if ((await bytesOf(ownerId)) + bytes > mostBytes) throw accountFull(mostBytes);
    },
    isFull: async (ownerId) => (await bytesOf(ownerId)) >= mostBytes,
    kept(ownerId, bytes) {
      const entry = known.get(ownerId);
      if (entry !== undefined) entry.bytes += bytes;
    },
  };
};
