/** The runs that wait for input: how many there may be, and which is stopped first when memory is short. */
import type { Clock, Timer } from "#kernel/clock";
import type { LiveExecution } from "./live-execution.ts";

export type WaitingRunsOptions = {
  readonly clock: Clock;
  /** Bytes of memory available for new programs. */
  readonly availableBytes: () => number;
};

export interface WaitingRuns {
  /** False: its user, or this server, has too many waiting runs already. */
  add(live: LiveExecution): boolean;
  remove(live: LiveExecution): void;
  readonly count: number;
}

/** Per user. */
const MOST_OF_USER = 2;
/** Per server: each waiting run keeps its memory. */
const MOST_AT_ONCE = 64;
/** Below this the run that has waited longest is stopped, one at a time. */
const SHORT_BYTES = 256 * 1_048_576;
const LOOK_EVERY_MS = 2000;

export const createWaitingRuns = ({ clock, availableBytes }: WaitingRunsOptions): WaitingRuns => {
  /** In the order in which they began to wait. */
  const waiting = new Set<LiveExecution>();
  let timer: Timer | undefined;

  const look = (): void => {
    timer = undefined;
    const [oldest] = waiting;
    if (oldest === undefined) return;
    if (availableBytes() < SHORT_BYTES) oldest.cancelForMemory();
    timer = clock.after(LOOK_EVERY_MS, look);
  };

  return {
    add(live) {
      const { userId } = live.facts;
      const own = [...waiting].filter(({ facts }) => facts.userId === userId).length;
      if (own >= MOST_OF_USER || waiting.size >= MOST_AT_ONCE) return false;
      waiting.add(live);
      timer ??= clock.after(LOOK_EVERY_MS, look);
      return true;
    },
    remove(live) {
      waiting.delete(live);
      if (waiting.size > 0) return;
      timer?.cancel();
      timer = undefined;
    },
    get count() {
      return waiting.size;
    },
  };
};
