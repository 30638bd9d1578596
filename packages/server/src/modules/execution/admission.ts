/** Decides which executions run and which wait: a bounded queue in order of arrival. Many executions of one user delay no other user. */
import type { Plan } from "@atelier/contracts";
import { queueFull } from "./errors.ts";
import { PLAN_LIMITS } from "./plan-limits.ts";

export type AdmissionOptions = {
  /** Executions that run concurrently. */
  readonly concurrency: number;
  /** Executions that wait at once. */
  readonly capacity: number;
};

/** A slot: first in the queue, then of a running execution. `leave` releases it in both states. */
export type Slot = {
  /** Joins the queue. `begin` is called once, possibly at once; `moved` with the new position whenever it changes. */
  enter(turn: { begin(): void; moved(position: number): void }): void;
  leave(): void;
  /** Marks a running execution as waiting for input: it frees its slot until it wakes, when one more than the limit may run. */
  rest(): void;
  wake(): void;
};

export interface Admission {
  /** @throws Problem execution/queue-full with the seconds after which to try again. */
  reserve(user: { readonly userId: string; readonly plan: Plan }): Slot;
  readonly waiting: number;
  readonly running: number;
}

type Entry = {
  readonly userId: string;
  readonly plan: Plan;
  stage: "reserved" | "waiting" | "running" | "resting" | "gone";
  position: number;
  turn?: { begin(): void; moved(position: number): void };
};

const DURATION_WEIGHT = 0.1;

/** @param now a monotonic clock in milliseconds: measures how long runs take, for Retry-After. */
export const createAdmission = ({ concurrency, capacity }: AdmissionOptions, now: () => number): Admission => {
  const queue = new Set<Entry>();
  const running = new Map<Entry, number>();
  let typicalMs = 1000;

  const runningOf = (userId: string): number => [...running.keys()].filter((entry) => entry.userId === userId).length;
  const waitingOf = (userId: string): number => [...queue].filter((entry) => entry.userId === userId).length;
  const mayRun = (entry: Entry): boolean => runningOf(entry.userId) < PLAN_LIMITS[entry.plan].concurrent;
  const retryAfterSeconds = (): number =>
    Math.min(60, Math.max(1, Math.ceil((queue.size / concurrency) * (typicalMs / 1000))));

  const dispatch = (): void => {
    for (const entry of queue) {
      if (running.size >= concurrency) break;
      if (entry.stage !== "waiting" || !mayRun(entry)) continue;
      queue.delete(entry);
      entry.stage = "running";
      running.set(entry, now());
      entry.turn?.begin();
    }
    let position = 0;
    for (const entry of queue) {
      position += 1;
      if (entry.position === position) continue;
      entry.position = position;
      if (entry.stage === "waiting") entry.turn?.moved(position);
    }
  };

  return {
    reserve({ userId, plan }) {
      // An execution that can begin at once does not wait, although it passes through the queue.
      const { concurrent, waiting } = PLAN_LIMITS[plan];
      if (waitingOf(userId) >= waiting + Math.max(0, concurrent - runningOf(userId))) {
        throw queueFull(`You have ${waiting} programs waiting already.`, retryAfterSeconds());
      }
      if (queue.size >= capacity + concurrency - running.size) {
        throw queueFull("Too many programs are waiting to run.", retryAfterSeconds());
      }
      const entry: Entry = { userId, plan, stage: "reserved", position: 0 };
      queue.add(entry);
      return {
        enter(turn) {
          if (entry.stage !== "reserved") return;
          entry.stage = "waiting";
          entry.turn = turn;
          entry.position = 0;
          dispatch();
        },
        rest() {
          if (entry.stage !== "running") return;
          entry.stage = "resting";
          running.delete(entry);
          dispatch();
        },
        wake() {
          if (entry.stage !== "resting") return;
          entry.stage = "running";
          running.set(entry, now());
        },
        leave() {
          const startedMs = running.get(entry);
          if (startedMs !== undefined) typicalMs += (now() - startedMs - typicalMs) * DURATION_WEIGHT;
          entry.stage = "gone";
          queue.delete(entry);
          running.delete(entry);
          dispatch();
        },
      };
    },
    get waiting() {
      return queue.size;
    },
    get running() {
      return running.size;
    },
  };
};
