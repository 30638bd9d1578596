/** Writes down how executions ended: one log line and the row, tried again while the database is away. */
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { ExecutionRegistry } from "./execution-registry.ts";
import type { ExecutionStore } from "./execution-store.ts";
import type { LiveExecution } from "./live-execution.ts";

export interface EndRecorder {
  /** @param inserted the execution's row; when it was never written there is nothing to complete. */
  record(live: LiveExecution, inserted: Promise<void>): Promise<void>;
}

export type EndRecorderOptions = {
  readonly store: ExecutionStore;
  readonly registry: ExecutionRegistry;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the server stops: then there is no further try. */
  readonly stopping: AbortSignal;
};

const PAUSES_MS = [250, 1000, 4000, 15_000];

export const createEndRecorder = ({ store, registry, clock, log, stopping }: EndRecorderOptions): EndRecorder => {
  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      clock.after(delayMs, resolve);
      stopping.addEventListener("abort", () => resolve(), { once: true });
    });

  const logLine = (live: LiveExecution): void => {
    const { id, userId, projectId, language, status, codeHash, sandbox, usage } = live.snapshot({ output: false });
    log.info("execution.ended", { executionId: id, userId, projectId, language, status, codeHash, sandbox, ...usage });
  };

  const complete = async (live: LiveExecution): Promise<void> => {
    for (const pauseMs of [...PAUSES_MS, undefined]) {
      try {
        return await store.finish(live.snapshot({ output: true }));
      } catch (error) {
        if (pauseMs === undefined || stopping.aborted) {
          log.error("execution.end-not-recorded", { executionId: live.facts.id, error });
          return;
        }
        await pause(pauseMs);
      }
    }
  };

  return {
    async record(live, inserted) {
      logLine(live);
      try {
        await inserted;
      } catch {
        // The one who submitted it was told; there is no row.
        return;
      }
      await complete(live);
      registry.settle(live);
    },
  };
};
