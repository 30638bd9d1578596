/** Deliveries and secrets of webhooks as rows. */
import type { Sql, Transaction } from "#platform/sql";
import type { WebhookState } from "@atelier/contracts";

/** An attempt that this node has taken. */
export type DueDelivery = {
  readonly executionId: string;
  readonly userId: string;
  readonly url: string;
  /** Of this attempt, from 1. */
  readonly tries: number;
};

export type AttemptEnd = {
  readonly executionId: string;
  readonly tries: number;
  readonly state: "pending" | "delivered" | "failed";
  readonly nextAt: Date;
  readonly status: number | null;
  readonly error: string | null;
};

export interface WebhookStore {
  pendingOf(userId: string): Promise<number>;
  /** Takes due deliveries of executions that have ended: at most `perUser` of a user, and none of `except`. */
  take(options: {
    readonly now: Date;
    readonly limit: number;
    readonly perUser: number;
    readonly except: readonly string[];
    /** When another node may take them for lost. */
    readonly lostAt: Date;
  }): Promise<DueDelivery[]>;
  finish(end: AttemptEnd): Promise<void>;
  find(userId: string, executionId: string): Promise<WebhookState | undefined>;
  /** The generations of the secrets that sign now, the newest first. */
  generations(userId: string, now: Date): Promise<readonly number[]>;
  /** @returns the new generation */
  rotate(userId: string, previousUntil: Date): Promise<number>;
}

const TAKE = `
  with ranked as (
    select d.execution_id, d.next_at, row_number() over (partition by d.user_id order by d.next_at) as number
      from webhook_deliveries d join executions e on e.id = d.execution_id
      where d.state = 'pending' and d.next_at <= $1 and e.ended_at is not null and d.user_id <> all ($4::uuid[])),
  due as (
    select d.execution_id from webhook_deliveries d join ranked r on r.execution_id = d.execution_id
      where r.number <= $3 and d.state = 'pending' and d.next_at <= $1
      order by d.next_at limit $2 for update of d skip locked)
  update webhook_deliveries d set tries = d.tries + 1, next_at = $5 from due
    where d.execution_id = due.execution_id
    returning d.execution_id, d.user_id, d.url, d.tries`;

/** In the transaction that inserts the execution. */
export const insertDelivery = async (
  transaction: Transaction,
  delivery: { readonly executionId: string; readonly userId: string; readonly url: string; readonly at: string },
): Promise<void> => {
  const { executionId, userId, url, at } = delivery;
  await transaction.query(
    "insert into webhook_deliveries (execution_id, user_id, url, next_at) values ($1, $2, $3, $4)",
    [executionId, userId, url, at],
  );
};

export const createWebhookStore = (sql: Sql): WebhookStore => ({
  async pendingOf(userId) {
    const rows = await sql.transaction({ role: "user", userId }, (transaction) =>
      transaction.query<{ count: number }>(
        "select count(*) as count from webhook_deliveries where user_id = $1 and state = 'pending'",
        [userId],
      ),
    );
    return rows[0]?.count ?? 0;
  },
  async take({ now, limit, perUser, except, lostAt }) {
    const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ execution_id: string; user_id: string; url: string; tries: number }>(TAKE, [
        now,
        limit,
        perUser,
        except,
        lostAt,
      ]),
    );
    return rows.map((row) => ({
      executionId: row.execution_id,
      userId: row.user_id,
      url: row.url,
      tries: row.tries,
    }));
  },
  async finish({ executionId, tries, state, nextAt, status, error }) {
    // An attempt that was taken for lost says nothing any more.
    await sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query(
        `update webhook_deliveries set state = $3::text, next_at = $4, last_status = $5, last_error = $6,
           finished_at = case when $3::text = 'pending' then null else now() end
         where execution_id = $1 and tries = $2 and state = 'pending' returning execution_id`,
        [executionId, tries, state, nextAt, status, error],
      ),
    );
  },
  async find(userId, executionId) {
    type Row = {
      url: string;
      state: WebhookState["state"];
      tries: number;
      next_at: Date;
      last_status: number | null;
      last_error: string | null;
    };
    const [row] = await sql.transaction({ role: "user", userId }, (transaction) =>
      transaction.query<Row>(
        `select url, state, tries, next_at, last_status, last_error from webhook_deliveries
           where execution_id = $1 and user_id = $2`,
        [executionId, userId],
      ),
    );
    if (row === undefined) return undefined;
    return {
      url: row.url,
      state: row.state,
      tries: row.tries,
      nextAt: row.state === "pending" ? row.next_at.toISOString() : null,
      lastStatus: row.last_status,
      lastError: row.last_error,
    };
  },
  async generations(userId, now) {
    const [row] = await sql.transaction({ role: "user", userId }, (transaction) =>
      transaction.query<{ generation: number; previous_until: Date }>(
        "select generation, previous_until from webhook_secrets where user_id = $1",
        [userId],
      ),
    );
    if (row === undefined) return [1];
    return row.previous_until > now ? [row.generation, row.generation - 1] : [row.generation];
  },
  async rotate(userId, previousUntil) {
    const [row] = await sql.transaction({ role: "user", userId }, (transaction) =>
      transaction.query<{ generation: number }>(
        `insert into webhook_secrets (user_id, generation, previous_until) values ($1, 2, $2)
         on conflict (user_id) do update
           set generation = webhook_secrets.generation + 1, previous_until = excluded.previous_until
         returning generation`,
        [userId, previousUntil],
      ),
    );
    if (row === undefined) throw new Error("A rotated secret has no row.");
    return row.generation;
  },
});
