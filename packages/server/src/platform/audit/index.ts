/** The audit trail: its port and the batched writer over the sql port. */
export { createAuditTrail } from "./audit-trail.ts";
export type { AuditEntry, AuditTrail } from "./ports.ts";
