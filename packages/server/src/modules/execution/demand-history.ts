/** The number of runs of each language in each hour of the week: stored in the database, used by the warm pool. */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { Sql } from "#platform/sql";

export interface DemandHistory extends Component {
  arrived(language: string): void;
  /** The usual arrivals in this hour of the week; 0 when unknown. */
  expectedPerHour(language: string): number;
}

const HOUR_MS = 3_600_000;
const HOURS_A_WEEK = 168;
/** Weight of the newest week. */
const WEIGHT = 0.3;

/** 1970-01-01 was a Thursday. */
const hourOfWeek = (timeMs: number): number => (Math.floor(timeMs / HOUR_MS) + 4 * 24) % HOURS_A_WEEK;

type Row = { readonly language: string; readonly hour_of_week: number; readonly arrivals: number };

export type DemandHistoryOptions = { readonly sql: Sql; readonly clock: Clock; readonly log: Log };

export const createDemandHistory = ({ sql, clock, log }: DemandHistoryOptions): DemandHistory => {
  const usual = new Map<string, number>();
  let counts = new Map<string, number>();
  let timer: Timer | undefined;
  let writing = Promise.resolve();
  const keyOf = (language: string, hour: number): string => `${hour} ${language}`;

  /** Also updates languages without an arrival in this hour, whose average decreases. */
  const record = async (hour: number, counted: ReadonlyMap<string, number>): Promise<void> => {
    const languages = new Set(counted.keys());
    for (const key of usual.keys()) if (key.startsWith(`${hour} `)) languages.add(key.slice(key.indexOf(" ") + 1));
    for (const language of languages) {
      const before = usual.get(keyOf(language, hour));
      const count = counted.get(language) ?? 0;
      usual.set(keyOf(language, hour), before === undefined ? count : before + (count - before) * WEIGHT);
    }
    const rows = [...languages].map((language) => [language, usual.get(keyOf(language, hour)) ?? 0] as const);
    try {
      await sql.transaction({ role: "jobs" }, (transaction) =>
        transaction.query(
          `insert into execution_demand (language, hour_of_week, arrivals)
             select unnest($1::text[]), $2, unnest($3::double precision[])
           on conflict (language, hour_of_week) do update set arrivals = excluded.arrivals`,
          [rows.map(([language]) => language), hour, rows.map(([, arrivals]) => arrivals)],
        ),
      );
    } catch (error) {
      log.warn("execution.demand-not-recorded", { error });
    }
  };

  const schedule = (): void => {
    const now = clock.now();
    timer = clock.after(HOUR_MS - (now % HOUR_MS), () => {
      const counted = counts;
      counts = new Map();
      writing = record(hourOfWeek(now), counted);
      schedule();
    });
  };

  return {
    name: "execution demand",
    arrived: (language) => void counts.set(language, (counts.get(language) ?? 0) + 1),
    expectedPerHour: (language) => usual.get(keyOf(language, hourOfWeek(clock.now()))) ?? 0,
    async start() {
      const rows = await sql.transaction({ role: "jobs" }, (transaction) =>
        transaction.query<Row>("select language, hour_of_week, arrivals from execution_demand"),
      );
      for (const row of rows) usual.set(keyOf(row.language, row.hour_of_week), row.arrivals);
      schedule();
    },
    async [Symbol.asyncDispose]() {
      timer?.cancel();
      await writing;
    },
  };
};
