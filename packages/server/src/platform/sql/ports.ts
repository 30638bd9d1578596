/** The sql port: one PostgreSQL dialect, transactions that carry the user, row-level security in the database. */

/**
 * The database role under which a transaction runs.
 * - `user`: row-level security for this user; with `projectId`, rows of that one project as the user's role allows.
 * - `identity`: sign-in tables only (accounts, refresh tokens), before there is a user.
 * - `log`: may only insert document-log rows for the projects named.
 * - `jobs`: background work over all projects (moving blobs, clean-up) and the maintenance of live documents, after their module checked
 *   rights; never on behalf of a request. Facts that a request needs beyond its visible rows come from a SECURITY DEFINER function.
 */
export type Scope =
  | { readonly role: "user"; readonly userId: string; readonly projectId?: string }
  | { readonly role: "identity" }
  | { readonly role: "log"; readonly projectIds: readonly string[] }
  | { readonly role: "jobs" };

export interface Transaction {
  /**
   * Runs one statement with `$1`-style parameters and returns its rows. The text must be a constant of the code: it is prepared under its
   * own
   * name. Buffers are sent as binary bytea (not inside arrays). Results: bigint is a number (beyond 2^53: RangeError), timestamptz a Date,
   * bytea a Buffer, jsonb its value.
   * @throws Error after the transaction's work has resolved or thrown: the statement is not run.
   */
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>;
}

export interface Sql {
  /**
   * Runs work in one transaction under a scope; commits when it resolves, rolls back when it throws.
   * Resolved means durable: it survives a power failure. `work` is retried (a few times, with jitter) after a deadlock or a serialization
   * failure, so it must have no effect outside the transaction. There is no retry after a lost connection.
   * A connection lost while committing leaves the outcome unknown: `server/unavailable`.
   * @throws Problem `server/unavailable` when the database can't be reached or does not respond within 5 s;
   * `server/storage-full` when its disk is full.
   */
  transaction<T>(scope: Scope, work: (transaction: Transaction) => Promise<T>): Promise<T>;
  /** True when a trivial statement succeeds. */
  healthy(): Promise<boolean>;
}
