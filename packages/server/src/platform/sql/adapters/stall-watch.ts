/**
 * Detects a database that accepts connections but does not respond: stopped, starved, or behind a dead network. The operating system
 * reports a lost connection, but not silence. A slow statement is not silence, because the watch's own ping on another connection gets a
 * response meanwhile.
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Log } from "#kernel/log";

export type StallWatchOptions = {
  /** Resolves when the database responds, rejects when it reports an error; until then it is silent. */
  readonly ping: () => Promise<void>;
  /** Closes the connection of a ping, so that the next ping opens another. */
  readonly giveUp: () => void;
  readonly log: Log;
  readonly pingEveryMs?: number;
  readonly stalledAfterMs?: number;
};

export type StallWatch = {
  readonly isStalled: boolean;
  /** Watches until `leave`. `onStall` is called at most once, and immediately when the database is silent already. */
  enter(onStall: () => void): { leave(): void };
  stop(): void;
};

const PING_EVERY_MS = 500;
const STALLED_AFTER_MS = 4_000;
/** Reconnect after this time, because a machine that has vanished never responds on the existing connection. */
const GIVE_UP_AFTER_MS = 10_000;
/** After this process itself was stopped or busy, it first reads responses that have arrived meanwhile. */
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

  /** Sends one ping and waits for its end. */
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
      // The database responded with an error, which the callers get from their own statements; a closed connection is no response.
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
