/** Bounds what executions leave in the database: old rows go, old or plentiful output goes before them. */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { Sql } from "#platform/sql";

/** Rows and small outputs stay this long. */
const ROW_DAYS = 30;
/** Output above this counts as large. */
const LARGE_BYTES = 65_536;
/** Large outputs stay for this long, and for so many of a user's latest large ones. */
const LARGE_DAYS = 2;
const LARGE_PER_USER = 50;
const EVERY_MS = 600_000;

const EMPTY_LARGE = `
  with large as (
    select id, ended_at, row_number() over (partition by user_id order by queued_at desc) as place
      from executions where ended_at is not null and octet_length(stdout) + octet_length(stderr) > ${LARGE_BYTES}
  )
  update executions e set stdout = '', stderr = '', truncated = true
    from large l
    where e.id = l.id and (l.place > ${LARGE_PER_USER} or l.ended_at < $1::timestamptz - interval '${LARGE_DAYS} days')
    returning e.id`;

const DELETE_OLD = `
  delete from executions where ended_at < $1::timestamptz - interval '${ROW_DAYS} days' returning id`;

export type RetentionReport = { readonly emptied: number; readonly deleted: number };

/** One pass. */
export const trimExecutions = (sql: Sql, nowMs: number): Promise<RetentionReport> =>
  sql.transaction({ role: "jobs" }, async (transaction) => {
    const at = new Date(nowMs).toISOString();
    const deleted = await transaction.query(DELETE_OLD, [at]);
    const emptied = await transaction.query(EMPTY_LARGE, [at]);
    return { emptied: emptied.length, deleted: deleted.length };
  });

/** A pass every ten minutes until disposed. */
export const createOutputRetention = ({ sql, clock, log }: { sql: Sql; clock: Clock; log: Log }): Component => {
  let timer: Timer | undefined;
  let pass = Promise.resolve();
  const trim = async (): Promise<void> => {
    try {
      const report = await trimExecutions(sql, clock.now());
      if (report.emptied + report.deleted > 0) log.info("execution.trimmed", report);
    } catch (error) {
      log.warn("execution.trim-failed", { error });
    }
  };
  const schedule = (): void => {
    timer = clock.after(EVERY_MS, () => {
      pass = trim().then(schedule);
    });
  };
  return {
    name: "execution retention",
    async start() {
      schedule();
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      await pass;
      timer?.cancel();
    },
  };
};
