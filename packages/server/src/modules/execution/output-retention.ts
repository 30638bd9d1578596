/**
 * Limits what executions keep in the database: old rows are deleted; large outputs are emptied earlier, when they are old or their user
 * has too many. Works in small batches, each its own short transaction, until nothing is left to do, so that any backlog is removed.
 */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { Sql } from "#platform/sql";

/** Rows and small outputs stay this long. */
const ROW_DAYS = 30;
/** Large outputs stay for this long, and for so many of a user's latest large ones. */
const LARGE_DAYS = 2;
const LARGE_PER_USER = 50;
const EVERY_MS = 600_000;
/** Pause between batches, so that requests of users run in between. */
const PAUSE_MS = 50;
const ROWS_A_BATCH = 500;
/** Rows per batch; each may hold 2 MiB. */
const OUTPUTS_A_BATCH = 50;
const USERS_A_BATCH = 20;

/** Output above this size counts as large. The expression is the one in the indexes, so that they are used. */
const IS_LARGE = "ended_at is not null and octet_length(stdout) + octet_length(stderr) > 65536";

const DELETE_OLD = `
  delete from executions where id in (
      select id from executions where ended_at is not null and ended_at < $1::timestamptz - interval '${ROW_DAYS} days'
        order by ended_at limit $2 for update skip locked)
    returning id`;

const EMPTY_OLD = `
  update executions set stdout = '', stderr = '', truncated = true where id in (
      select id from executions where ${IS_LARGE} and ended_at < $1::timestamptz - interval '${LARGE_DAYS} days'
        order by ended_at limit $2 for update skip locked)
    returning id`;

/** Empties, for some users who have too many large outputs, all but their latest. */
const EMPTY_PLENTY = `
  with plenty as (
    select user_id from executions where ${IS_LARGE}
      group by user_id having count(*) > ${LARGE_PER_USER} limit ${USERS_A_BATCH}),
  beyond as (
    select b.id from plenty p cross join lateral (
      select e.id from executions e where e.user_id = p.user_id and ${IS_LARGE}
        order by e.queued_at desc offset ${LARGE_PER_USER} limit $1) b
      limit $1)
  update executions set stdout = '', stderr = '', truncated = true where id in (select id from beyond) returning id`;

export type RetentionReport = { readonly emptied: number; readonly deleted: number };

const BATCHES: ReadonlyArray<{
  readonly text: string;
  readonly most: number;
  readonly what: keyof RetentionReport;
  readonly byTime: boolean;
}> = [
  { text: DELETE_OLD, most: ROWS_A_BATCH, what: "deleted", byTime: true },
  { text: EMPTY_OLD, most: OUTPUTS_A_BATCH, what: "emptied", byTime: true },
  { text: EMPTY_PLENTY, most: OUTPUTS_A_BATCH, what: "emptied", byTime: false },
];

/** Runs batches until nothing is left, or `between` says to stop; committed batches stay. */
export const trimExecutions = async (
  sql: Sql,
  nowMs: number,
  between: () => Promise<"go on" | "stop"> = async () => "go on",
): Promise<RetentionReport> => {
  const at = new Date(nowMs).toISOString();
  const report = { emptied: 0, deleted: 0 };
  for (const { text, most, what, byTime } of BATCHES) {
    for (;;) {
      const gone = await sql.transaction({ role: "jobs" }, (transaction) =>
        transaction.query(text, byTime ? [at, most] : [most]),
      );
      report[what] += gone.length;
      // A batch that was not full may have skipped locked users or rows; only an empty batch found nothing.
      if (gone.length === 0) break;
      if ((await between()) === "stop") return report;
    }
  }
  return report;
};

/** A pass every ten minutes until disposed. */
export const createOutputRetention = ({ sql, clock, log }: { sql: Sql; clock: Clock; log: Log }): Component => {
  let timer: Timer | undefined;
  let pass = Promise.resolve();
  let isStopped = false;
  let wake: () => void = () => undefined;
  const stopped = new Promise<void>((resolve) => (wake = resolve));

  const pause = async (): Promise<"go on" | "stop"> => {
    await Promise.race([stopped, new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve))]);
    return isStopped ? "stop" : "go on";
  };
  const trim = async (): Promise<void> => {
    try {
      const report = await trimExecutions(sql, clock.now(), pause);
      if (report.emptied + report.deleted > 0) log.info("execution.trimmed", report);
    } catch (error) {
      log.warn("execution.trim-failed", { error });
    }
  };
  const schedule = (): void => {
    if (isStopped) return;
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
      isStopped = true;
      timer?.cancel();
      wake();
      await pass;
    },
  };
};
