/** The audit trail port: an append-only record of who changed what and when. */

export type AuditEntry = {
  /** A route's `audit` name, or one of the same form. */
  readonly action: string;
  /** Absent: the request had no sign-in. */
  readonly userId?: string;
  readonly projectId?: string;
  /** The object of the action inside the project: a path, a user id, an execution id. */
  readonly target?: string;
  readonly address?: string;
  readonly requestId?: string;
};

export interface AuditTrail {
  /** Queues an entry, which is in the database within the trail's flush interval. Never throws. */
  record(entry: AuditEntry): void;
}
