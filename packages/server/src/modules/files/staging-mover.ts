/** Moves small bodies from the staging table into the blob store, after their save was acknowledged. */
import type { Clock, Timer } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { BlobStore } from "#platform/blobs";
import type { Sql } from "#platform/sql";
import { oldestStaged, removeStaged } from "./staged-bodies.ts";

const BATCH = 64;
const PUTS_AT_ONCE = 8;

export type StagingMover = Component & {
  /** Moves at most one batch. @returns how many bodies were moved. */
  moveBatch(): Promise<number>;
};

/**
 * A body is removed from the table only when it is durable in the store, and putting it twice does nothing: after a crash
 * at any point the work is repeated and no body is lost.
 * @param needs.onFatal called when an fsync of the store failed
 */
export const createStagingMover = (needs: {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly log: Log;
  readonly everyMs: number;
  readonly onFatal: (error: unknown) => void;
}): StagingMover => {
  let timer: Timer | undefined;
  let stopped = false;
  let working: Promise<unknown> = Promise.resolve();

  const moveBatch = async (): Promise<number> => {
    const batch = await needs.sql.transaction({ role: "jobs" }, (transaction) => oldestStaged(transaction, BATCH));
    const waiting = batch.values();
    const putSome = async (): Promise<void> => {
      for (const { storageKey, sealed } of waiting) await needs.blobs.put(storageKey, sealed);
    };
    await Promise.all(Array.from({ length: PUTS_AT_ONCE }, putSome));
    const moved = batch.map(({ storageKey }) => storageKey);
    await needs.sql.transaction({ role: "jobs" }, (transaction) => removeStaged(transaction, moved));
    return batch.length;
  };

  const round = async (): Promise<void> => {
    let delayMs = needs.everyMs;
    try {
      // A full batch means that more waits.
      if ((await moveBatch()) === BATCH) delayMs = 0;
    } catch (error) {
      needs.log.warn("projects.staging-move-failed", { error });
      if (error instanceof Error && error.name === "FatalStorageError") needs.onFatal(error);
    }
    if (!stopped) schedule(delayMs);
  };
  const schedule = (delayMs: number): void => {
    timer = needs.clock.after(delayMs, () => {
      working = round();
    });
  };

  return {
    name: "staging-mover",
    moveBatch,
    async start() {
      schedule(needs.everyMs);
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      timer?.cancel();
      await working;
    },
  };
};
