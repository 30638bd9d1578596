/** Stores the ends of executions: one log line and the row, retried while the database is unavailable. */
import type { Clock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import { type ExecutionRegistry, weightOf } from "./execution-registry.ts";
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
  /** Aborted when the server stops: then there is one more try. */
  readonly stopping: AbortSignal;
  /** Memory for outputs that wait for the database; 128 MiB. */
  readonly maxWaitingBytes?: number;
};

const PAUSES_MS = [250, 1000, 4000, 15_000] as const;
const LONGEST_PAUSE_MS = 15_000;
/** Limit on outputs that wait while the database is unavailable. */
const WAITING_BYTES = 128 * 1_048_576;

/** True when the database is unavailable or full; false when the row itself can't be written. */
const maySucceedLater = (error: unknown): boolean => error instanceof Problem;

export const createEndRecorder = (options: EndRecorderOptions): EndRecorder => {
  const { store, registry, clock, log, stopping, maxWaitingBytes = WAITING_BYTES } = options;
  let waitingBytes = 0;

  const pause = (delayMs: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        timer.cancel();
        stopping.removeEventListener("abort", end);
        resolve();
      };
      const timer = clock.after(delayMs, end);
      stopping.addEventListener("abort", end);
    });

  const logLine = (live: LiveExecution): void => {
    const { id, userId, projectId, language, status, codeHash, sandbox, usage } = live.snapshot({ output: false });
    log.info("execution.ended", { executionId: id, userId, projectId, language, status, codeHash, sandbox, ...usage });
  };

  /** Counts its output among those that wait. @returns a function that ends this */
  const wait = (live: LiveExecution): (() => void) => {
    const bytes = weightOf(live);
    if (waitingBytes + bytes > maxWaitingBytes) {
      live.forgetOutput();
      log.warn("execution.output-given-up", { executionId: live.facts.id });
      return () => undefined;
    }
    waitingBytes += bytes;
    return () => void (waitingBytes -= bytes);
  };

  /** @throws the last error of the store */
  const complete = async (live: LiveExecution): Promise<void> => {
    let endWaiting: (() => void) | undefined;
    try {
      for (let tries = 0; ; tries += 1) {
        try {
          return await store.finish(live.snapshot({ output: true }));
        } catch (error) {
          const pauseMs = PAUSES_MS[tries] ?? (maySucceedLater(error) ? LONGEST_PAUSE_MS : undefined);
          if (pauseMs === undefined || stopping.aborted) throw error;
          endWaiting ??= wait(live);
          await pause(pauseMs);
        }
      }
    } finally {
      endWaiting?.();
    }
  };

  return {
    async record(live, inserted) {
      logLine(live);
      try {
        await inserted;
      } catch {
        // The caller got the error of the insertion; there is no row.
        return;
      }
      try {
        await complete(live);
      } catch (error) {
        log.error("execution.end-not-recorded", { executionId: live.facts.id, error });
      }
      registry.settle(live);
    },
  };
};
