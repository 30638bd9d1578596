/**
 * Writes audit entries in batches. A response does not wait for its row: rows are committed within 50 ms, and all of them
 * before the process stops in order. A power cut can therefore lose the rows of the last 50 ms, but not the changes that they describe.
 * While the database is unavailable rows wait, up to a limit. A row that it refuses is dropped. Dropped rows are logged and counted.
 */
import type { Clock, Timer } from "#kernel/clock";
import { createId } from "#kernel/ids";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { Metrics } from "#platform/metrics";
import { isDataRefusal, type Sql } from "#platform/sql";
import { isIP } from "node:net";
import type { AuditEntry, AuditTrail } from "./ports.ts";

const FLUSH_AFTER_MS = 50;
const RETRY_AFTER_MS = 1000;
const MAX_BATCH = 1000;
const MAX_WAITING = 100_000;

export type BatchedAuditTrail = AuditTrail &
  Component & { /** Resolves after an attempt to write all entries recorded so far. */ flush(): Promise<void> };

type Row = AuditEntry & { readonly id: string; readonly atMs: number };

const INSERT = `
  insert into audit_log (id, at, user_id, action, project_id, target, address, request_id)
  select r.id, r.at, r.user_id, r.action, r.project_id, r.target, r.address, r.request_id
  from jsonb_to_recordset($1::jsonb) as r
    (id uuid, at timestamptz, user_id uuid, action text, project_id uuid, target text, address inet, request_id text)`;

const toJson = (row: Row): Record<string, unknown> => ({
  id: row.id,
  at: new Date(row.atMs).toISOString(),
  user_id: row.userId ?? null,
  action: row.action,
  project_id: row.projectId ?? null,
  // PostgreSQL accepts no NUL in a text, and no unpaired surrogate, which `slice` can create.
  target: row.target?.replaceAll("\0", "").slice(0, 1100).toWellFormed() ?? null,
  address: row.address !== undefined && isIP(row.address) !== 0 ? row.address : null,
  request_id: row.requestId ?? null,
});

export const createAuditTrail = (needs: { sql: Sql; clock: Clock; log: Log; metrics: Metrics }): BatchedAuditTrail => {
  const { sql, clock, log } = needs;
  const dropped = needs.metrics.counter("atelier_audit_rows_dropped_total", "Audit rows that could not be written.");
  let waiting: Row[] = [];
  let timer: Timer | undefined;
  let writing: Promise<boolean> = Promise.resolve(true);

  needs.metrics.gauge(
    "atelier_audit_rows_waiting",
    "Audit rows that are not in the database yet.",
    () => waiting.length,
  );

  const writeBatch = async (most = MAX_BATCH): Promise<boolean> => {
    const batch = waiting.slice(0, most);
    if (batch.length === 0) return true;
    try {
      await sql.transaction({ role: "identity" }, async (transaction) => {
        await transaction.query(INSERT, [JSON.stringify(batch.map(toJson))]);
      });
      waiting = waiting.slice(batch.length);
      return true;
    } catch (error) {
      if (isDataRefusal(error)) return withoutRefused(batch, error);
      log.error("audit.write-failed", { rows: batch.length, waiting: waiting.length, error });
      return false;
    }
  };
  /** Finds the row that can't be written by bisecting the batch, and drops it, so that the others are written. */
  const withoutRefused = async (batch: readonly Row[], error: unknown): Promise<boolean> => {
    const [first] = batch;
    if (first === undefined || batch.length > 1) return writeBatch(Math.ceil(batch.length / 2));
    waiting = waiting.slice(1);
    dropped.add();
    log.error("audit.row-refused", { action: first.action, requestId: first.requestId, error });
    return true;
  };
  const flushAll = async (): Promise<boolean> => {
    while (waiting.length > 0) if (!(await writeBatch())) return false;
    return true;
  };
  const flush = (): Promise<boolean> => (writing = writing.then(flushAll));
  const schedule = (delayMs: number): void => {
    timer ??= clock.after(delayMs, () => {
      timer = undefined;
      void flush().then((done) => (done ? undefined : schedule(RETRY_AFTER_MS)));
    });
  };

  return {
    name: "audit trail",
    async start() {},
    record(entry) {
      if (waiting.length >= MAX_WAITING) {
        dropped.add();
        if (waiting.length === MAX_WAITING) log.error("audit.row-dropped", { action: entry.action });
        return;
      }
      waiting.push({ ...entry, id: createId(clock.now()), atMs: clock.now() });
      schedule(FLUSH_AFTER_MS);
    },
    async flush() {
      await flush();
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      if (!(await flush())) {
        dropped.add({}, waiting.length);
        log.error("audit.rows-lost", { rows: waiting.length });
      }
    },
  };
};
