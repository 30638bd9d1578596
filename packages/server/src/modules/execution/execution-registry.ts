/** Executions in memory: those that have not ended, and recently ended ones, so that late listeners get the raw output. */
import type { Clock } from "#kernel/clock";
import type { LiveExecution } from "./live-execution.ts";

export interface ExecutionRegistry {
  add(live: LiveExecution): void;
  /** Called when it has ended and is stored: it is evicted after some time, or earlier when others need the memory. */
  settle(live: LiveExecution): void;
  remove(live: LiveExecution): void;
  get(id: string): LiveExecution | undefined;
  unended(): LiveExecution[];
}

const KEPT_MS = 60_000;
const KEPT_BYTES = 128 * 1_048_576;
/** Memory of one execution beside its output. */
const OWN_BYTES = 4096;
/** Captured text and replay of a run with much output. */
const MAX_OUTPUT_BYTES = 3 * 1_048_576;

/** Bytes of memory of an ended execution. */
export const weightOf = (live: LiveExecution): number => OWN_BYTES + Math.min(2 * live.outputBytes, MAX_OUTPUT_BYTES);

export const createExecutionRegistry = (clock: Clock): ExecutionRegistry => {
  const all = new Map<string, LiveExecution>();
  const settled = new Map<LiveExecution, number>();
  let settledBytes = 0;

  const forget = (live: LiveExecution): void => {
    const weight = settled.get(live);
    if (weight === undefined) return;
    settled.delete(live);
    settledBytes -= weight;
    all.delete(live.facts.id);
  };

  return {
    add: (live) => void all.set(live.facts.id, live),
    settle(live) {
      const weight = weightOf(live);
      settled.set(live, weight);
      settledBytes += weight;
      for (const oldest of settled.keys()) {
        if (settledBytes <= KEPT_BYTES) break;
        forget(oldest);
      }
      clock.after(KEPT_MS, () => forget(live));
    },
    remove: (live) => void all.delete(live.facts.id),
    get: (id) => all.get(id),
    unended: () => [...all.values()].filter((live) => live.state.status !== "ended"),
  };
};
