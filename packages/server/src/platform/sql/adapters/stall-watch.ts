/**
 * Notices a database that is there and answers nobody: stopped, starved, or behind a dead network. The operating system tells of
 * a lost connection, but of silence nobody does. A slow statement is not silence: a statement of our own on another connection
 * is answered meanwhile.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "#kernel/log";

export type StallWatchOptions = {
  /** Resolves when the database answers, rejects when it says that it can't; as long as neither happens it is silent. */
  readonly ping: () => Promise<void>;
  /** Gives the connection of a ping up, so that the next one makes another. */
  readonly giveUp: () => void;
  readonly log: Log;
  readonly pingEveryMs?: number;
  readonly stalledAfterMs?: number;
};

export type StallWatch = {
  readonly isStalled: boolean;
  /** Watches while the work goes on. `onStall` is called at most once, and at once when the database is silent already. */
  enter(onStall: () => void): { leave(): void };
  stop(): void;
};

const PING_EVERY_MS = 500;
const STALLED_AFTER_MS = 4_000;
/** A machine that vanished never answers on the connection it had. */
const GIVE_UP_AFTER_MS = 10_000;
/** When this process itself was stopped or busy, answers that came meanwhile are read first. */
const SECOND_LOOK_MS = 250;

export const createStallWatch = (options: StallWatchOptions): StallWatch => {
  const { log, pingEveryMs = PING_EVERY_MS, stalledAfterMs = STALLED_AFTER_MS } = options;
  const inside = new Set<() => void>();
  let isStalled = false;
  let isStopped = false;
  let isPinging = false;
  let pause: NodeJS.Timeout | undefined;

  const declare = (): void => {
    isStalled = true;
    log.error("sql.database-silent", { waiting: inside.size, afterMs: stalledAfterMs });
    for (const onStall of inside) onStall();
    inside.clear();
  };

  /** One ping to its end. */
  const look = async (): Promise<void> => {
    let answered = false;
    const timers: NodeJS.Timeout[] = [];
    const later = (delayMs: number, work: () => void): void =>
      void timers.push(setTimeout(() => (answered || isStopped ? undefined : work()), delayMs).unref());
    later(stalledAfterMs, () =>
      later(SECOND_LOOK_MS, () => {
        if (!isStalled) declare();
      }),
    );
    later(GIVE_UP_AFTER_MS, options.giveUp);
    try {
      await options.ping();
    } catch (error) {
      // It says that it can't, which whoever asks hears by itself; a connection that was given up says nothing.
      log.debug("sql.ping-failed", { reason: (error as Error).message });
      if (isStalled) return;
    } finally {
      answered = true;
      for (const timer of timers) clearTimeout(timer);
    }
    if (!isStalled) return;
    isStalled = false;
    log.info("sql.database-answers-again");
  };

  const go = (): void => {
    if (isPinging || isStopped || (inside.size === 0 && !isStalled)) return;
    isPinging = true;
    pause = setTimeout(() => {
      void look().then(async () => {
        isPinging = false;
        await nextTurn();
        go();
      });
    }, pingEveryMs).unref();
  };

  return {
    get isStalled() {
      return isStalled;
    },
    enter(onStall) {
      if (isStalled) onStall();
      else {
        inside.add(onStall);
        go();
      }
      return { leave: () => void inside.delete(onStall) };
    },
    stop() {
      isStopped = true;
      clearTimeout(pause);
      options.giveUp();
    },
  };
};
