/** The sql port: one PostgreSQL dialect, transactions that carry who asks, row-level security beneath. */

/**
 * Under which database role a transaction runs.
 * - `user`: row-level security for this user; with `projectId`, rows of that one project as the user's role allows.
 * - `identity`: sign-in tables only (accounts, refresh tokens), before there is a user.
 * - `log`: may only insert document-log rows for the projects named.
 * - `jobs`: background work over all projects (moving blobs, clean-up) and what live documents do for their own upkeep, after their
 *   module asked for rights; never on behalf of a request. What a request must know beyond its rows it asks of a definer function.
 */
export type Scope =
  | { readonly role: "user"; readonly userId: string; readonly projectId?: string }
  | { readonly role: "identity" }
  | { readonly role: "log"; readonly projectIds: readonly string[] }
  | { readonly role: "jobs" };

export interface Transaction {
  /**
   * Rows of one statement with `$1`-style parameters; the text is a constant of the code, it is prepared under its own name.
   * Buffers travel as binary bytea (not inside arrays). Read: bigint is a number (beyond 2^53: RangeError), timestamptz a
   * Date, bytea a Buffer, jsonb its value.
   * @throws Error once the transaction's work has resolved or thrown: nothing is done then.
   */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Sql {
  /**
   * Runs work in one transaction under a scope; commits when it resolves, rolls back when it throws.
   * Resolved means durable: it would survive a power cut. `work` is run again (a few times, with jitter) after a deadlock or a
   * serialization failure, so it changes nothing outside the transaction; nothing is run again after a lost connection.
   * A connection lost while committing leaves the outcome unknown: `server/unavailable`.
   * @throws Problem `server/unavailable` when the database can't be reached, or, within 5 s, when it answers nothing at all;
   * `server/storage-full` when its disk is full.
   */
  transaction<T>(scope: Scope, work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** True when a trivial statement answers. */
  healthy(): Promise<boolean>;
}
