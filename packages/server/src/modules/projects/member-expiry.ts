/** Removes members when their share link expires, which also ends their rights, and notifies their sockets. */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { Bus } from "#platform/bus";
import type { Sql } from "#platform/sql";
import { removeExpiredMembers } from "./members.ts";

const BATCH = 500;
/** Other servers may create links, and clocks may be changed, so the next expiry is looked up again after this time. */
const LONGEST_WAIT_MS = 60_000;
/** Delay after a change of rights, which may add a member for a short time; also the shortest time between two sweeps. */
const SHORTEST_WAIT_MS = 500;

export type MemberExpiryNeeds = {
  readonly sql: Sql;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Log;
};

export const createMemberExpiry = ({ sql, bus, clock, log }: MemberExpiryNeeds): Component => {
  let timer: Timer | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let sweeping = Promise.resolve();
  let isSweeping = false;
  let isStopped = false;
  let stopListening = (): void => undefined;

  const sweep = async (): Promise<number> => {
    for (;;) {
      const { removed, nextInMs } = await sql.transaction({ role: "jobs" }, (transaction) =>
        removeExpiredMembers(transaction, BATCH),
      );
      for (const { projectId, userId } of removed) bus.publish("rights-changed", { projectId, userId });
      if (removed.length > 0) log.info("projects.members-expired", { members: removed.length });
      if (removed.length < BATCH)
        return Math.min(Math.max(nextInMs ?? LONGEST_WAIT_MS, SHORTEST_WAIT_MS), LONGEST_WAIT_MS);
    }
  };
  const wakeIn = (delayMs: number): void => {
    if (isStopped || clock.monotonic() + delayMs >= dueMs) return;
    timer?.cancel();
    dueMs = clock.monotonic() + delayMs;
    timer = clock.after(delayMs, () => {
      dueMs = Number.POSITIVE_INFINITY;
      isSweeping = true;
      sweeping = sweep().then(
        (nextInMs) => {
          isSweeping = false;
          wakeIn(nextInMs);
        },
        (error: unknown) => {
          isSweeping = false;
          log.warn("projects.member-expiry-failed", { error });
          wakeIn(LONGEST_WAIT_MS);
        },
      );
    });
  };

  return {
    name: "member expiry",
    async start() {
      // Ignores the changes that a sweep itself announces.
      stopListening = bus.subscribe("rights-changed", () => (isSweeping ? undefined : wakeIn(SHORTEST_WAIT_MS)));
      wakeIn(0);
    },
    async [Symbol.asyncDispose]() {
      isStopped = true;
      stopListening();
      timer?.cancel();
      await sweeping;
    },
  };
};
