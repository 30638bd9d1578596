/** Executions whose node died: their rows are marked as ended, at the start and, where nodes share the database, every minute. */
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { Homes } from "#platform/homes";
import type { ExecutionStore } from "./execution-store.ts";

export const EVERY_MS = 60_000;

/** The name of an execution's home: the node that runs it has it until the end is stored. */
export const homeOfExecution = (id: string): string => `execution/${id}`;

export type LeftBehind = {
  /** Looks for them at once. @throws the error of the database */
  start(): Promise<void>;
  stop(): Promise<void>;
};

export const createLeftBehind = (needs: {
  readonly store: Pick<ExecutionStore, "unfinished" | "fail">;
  readonly homes: Homes;
  readonly clock: Clock;
  readonly log: Log;
}): LeftBehind => {
  const { store, homes, clock, log } = needs;
  let timer: Timer | undefined;
  let isStopped = false;
  let working: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    const abandoned: string[] = [];
    for (const id of await store.unfinished())
      if ((await homes.find(homeOfExecution(id))).at === "nobody") abandoned.push(id);
    const failed = abandoned.length === 0 ? 0 : await store.fail(abandoned);
    if (failed > 0) log.warn("execution.left-unfinished", { failed });
  };
  const schedule = (): void => {
    // No other node: what an earlier process left was found at the start.
    if (isStopped || !homes.areShared) return;
    timer = clock.after(EVERY_MS, () => {
      working = look()
        .catch((error: unknown) => log.warn("execution.left-unfinished-unknown", { error }))
        .then(schedule);
    });
  };

  return {
    async start() {
      await look();
      schedule();
    },
    async stop() {
      isStopped = true;
      timer?.cancel();
      await working;
    },
  };
};
