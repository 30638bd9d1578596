/** The audit trail port: who changed what and when; rows are only ever added. */

export type AuditEntry = {
  /** A route's `audit` name, or one of the same form. */
  readonly action: string;
  /** Absent: nobody was signed in. */
  readonly userId?: string;
  readonly projectId?: string;
  /** What was acted on beneath the project: a path, a user id, an execution id. */
  readonly target?: string;
  readonly address?: string;
  readonly requestId?: string;
};

export interface AuditTrail {
  /** Takes an entry; it is in the database within the trail's flush interval. Never throws. */
  record(entry: AuditEntry): void;
}
