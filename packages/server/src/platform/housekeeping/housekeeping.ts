/**
 * Runs the modules' clean-up tasks: each with its own interval, in small batches, and on one node only. A failed task is retried
 * at its next turn.
 */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import { HomeTaken, type Homes } from "#platform/homes";
import type { Metrics } from "#platform/metrics";

/** A clean-up task of the module that owns the tables. */
export type HousekeepingTask = {
  /** Such as `projects.deleted-files`; stable, because it is the label of a metric. */
  readonly name: string;
  /** From the end of one round to the next. */
  readonly everyMs: number;
  /**
   * One small, idempotent step; the server can stop after it.
   * @returns how much was removed, and whether there is more to do in this round
   */
  step(nowMs: number): Promise<{ readonly removed: number; readonly more: boolean }>;
};

/** Delay of the first round, so that it does not slow down the start. */
const FIRST_AFTER_MS = 60_000;
/** Between the steps of one round, so that the database also serves users' requests. */
const PAUSE_MS = 100;
/** A round ends after so many steps; the rest is removed in the next one. */
const MAX_STEPS = 1_000;

export type Housekeeping = Component & {
  /** One whole round of every task, now; for operators and tests. @throws AggregateError of the tasks that failed */
  runAll(): Promise<void>;
};

export const createHousekeeping = (needs: {
  readonly tasks: readonly HousekeepingTask[];
  readonly homes: Homes;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
}): Housekeeping => {
  const { tasks, clock, log, metrics } = needs;
  const removedTotal = metrics.counter("atelier_housekeeping_removed_total", "Rows and blobs that were removed.", [
    "task",
  ]);
  const failures = metrics.counter("atelier_housekeeping_failures_total", "Rounds that ended with an error.", ["task"]);
  const seconds = metrics.histogram(
    "atelier_housekeeping_round_seconds",
    "From the first step of a round to its last.",
    {
      labelNames: ["task"],
      buckets: [0.01, 0.1, 1, 10, 60, 600],
    },
  );
  const timers = new Map<string, Timer>();
  const running = new Set<Promise<unknown>>();
  let isStopped = false;
  let wake: (() => void) | undefined;
  const stopped = new Promise<void>((resolve) => (wake = resolve));

  const pause = (): Promise<void> =>
    Promise.race([stopped, new Promise<void>((resolve) => void clock.after(PAUSE_MS, resolve))]);

  const round = async (task: HousekeepingTask, between: () => Promise<void>): Promise<void> => {
    // Another node, or another round on this node, runs the task already.
    const home = await needs.homes.claim(`housekeeping/${task.name}`).catch((error: unknown) => {
      if (error instanceof HomeTaken) return undefined;
      throw error;
    });
    if (home === undefined) return;
    const startMs = clock.monotonic();
    let removed = 0;
    try {
      for (let steps = 0; steps < MAX_STEPS && !isStopped && !home.lost.aborted; steps += 1) {
        const done = await task.step(clock.now());
        removed += done.removed;
        removedTotal.add({ task: task.name }, done.removed);
        if (!done.more) break;
        await between();
      }
    } finally {
      await home.release();
    }
    seconds.observe((clock.monotonic() - startMs) / 1_000, { task: task.name });
    if (removed > 0) log.info("housekeeping.removed", { task: task.name, removed });
  };

  const guarded = async (task: HousekeepingTask): Promise<void> => {
    try {
      await round(task, pause);
    } catch (error) {
      failures.add({ task: task.name });
      log.warn("housekeeping.failed", { task: task.name, error });
    }
  };

  const schedule = (task: HousekeepingTask, afterMs: number): void => {
    const timer = clock.after(afterMs, () => {
      const work = guarded(task).then(() => {
        running.delete(work);
        if (!isStopped) schedule(task, task.everyMs);
      });
      running.add(work);
    });
    timers.set(task.name, timer);
  };

  return {
    name: "housekeeping",
    async start() {
      const names = new Set(tasks.map(({ name }) => name));
      if (names.size !== tasks.length) throw new Error("two housekeeping tasks have one name");
      // One after the other, so that they do not all begin in the same second.
      for (const [index, task] of tasks.entries()) schedule(task, FIRST_AFTER_MS + index * 5_000);
    },
    async runAll() {
      const faults: unknown[] = [];
      for (const task of tasks) await round(task, async () => undefined).catch((error: unknown) => faults.push(error));
      if (faults.length > 0) throw new AggregateError(faults, "housekeeping failed");
    },
    async [Symbol.asyncDispose]() {
      isStopped = true;
      for (const timer of timers.values()) timer.cancel();
      wake?.();
      await Promise.all(running);
    },
  };
};
