/** Deletes old data of files: stored responses to repeated requests, the bin, thinned versions, and unused content. */
import type { BlobStore } from "#platform/blobs";
import type { HousekeepingTask } from "#platform/housekeeping";
import type { Sql, Transaction } from "#platform/sql";
import * as retention from "./retention.ts";
import { KEEP_ALL_MS, versionsToThin } from "./version-retention.ts";

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** A client that repeats a request does so within minutes. */
const REPLAY_MS = DAY_MS;
const BIN_MS = 30 * DAY_MS;
/** Longer than any upload or read that began before the last reference was removed. */
const CONTENT_GRACE_MS = DAY_MS;

const REPLAYS_A_STEP = 1_000;
/** Each may have thousands of versions. */
const NODES_A_STEP = 100;
const FILES_A_STEP = 200;
const USES_A_STEP = 1_000;
const CONTENTS_A_STEP = 500;
const BLOBS_A_STEP = 2_000;
const PREFIXES = 256;

/** @param needs.blobs the store of the contents whose rows are removed */
export const createFilesHousekeeping = (needs: {
  readonly sql: Sql;
  readonly blobs: BlobStore;
}): readonly HousekeepingTask[] => {
  const { sql, blobs } = needs;
  const work = <T>(run: (transaction: Transaction) => Promise<T>): Promise<T> => sql.transaction({ role: "jobs" }, run);
  let cursor: retention.FileCursor | undefined;
  let prefix = 0;

  const dropBlobs = async (storageKeys: readonly string[]): Promise<void> => {
    for (const key of storageKeys) await blobs.delete(key);
  };

  return [
    {
      name: "projects.idempotency-keys",
      everyMs: HOUR_MS,
      async step(nowMs) {
        const removed = await work((transaction) =>
          retention.deleteReplays(transaction, new Date(nowMs - REPLAY_MS), REPLAYS_A_STEP),
        );
        return { removed, more: removed === REPLAYS_A_STEP };
      },
    },
    {
      name: "projects.deleted-files",
      everyMs: HOUR_MS,
      async step(nowMs) {
        const removed = await work((transaction) =>
          retention.deleteBinnedNodes(transaction, new Date(nowMs - BIN_MS), NODES_A_STEP),
        );
        return { removed, more: removed > 0 };
      },
    },
    {
      name: "projects.deleted-projects",
      everyMs: HOUR_MS,
      async step(nowMs) {
        const removed = await work((transaction) =>
          retention.deleteBinnedProjects(transaction, new Date(nowMs - BIN_MS), NODES_A_STEP),
        );
        return { removed, more: removed > 0 };
      },
    },
    {
      name: "projects.versions",
      everyMs: HOUR_MS,
      async step(nowMs) {
        const page = await work((transaction) =>
          retention.filesWithVersions(transaction, new Date(nowMs - KEEP_ALL_MS), {
            after: cursor,
            limit: FILES_A_STEP,
          }),
        );
        cursor = page.next;
        const gone = page.files.flatMap(({ projectId, fileId, versions }) =>
          versionsToThin(versions, nowMs).map((version) => ({ projectId, fileId, version })),
        );
        const removed =
          gone.length === 0 ? 0 : await work((transaction) => retention.deleteVersions(transaction, gone));
        return { removed, more: cursor !== undefined };
      },
    },
    {
      name: "projects.version-uses",
      everyMs: HOUR_MS,
      async step(nowMs) {
        const removed = await work((transaction) =>
          retention.deleteVersionUses(transaction, new Date(nowMs), USES_A_STEP),
        );
        return { removed, more: removed === USES_A_STEP };
      },
    },
    {
      name: "projects.unused-content",
      everyMs: HOUR_MS,
      async step(nowMs) {
        const { looked, storageKeys } = await work((transaction) =>
          retention.deleteUnusedContent(transaction, new Date(nowMs - CONTENT_GRACE_MS), CONTENTS_A_STEP),
        );
        await dropBlobs(storageKeys);
        return { removed: storageKeys.length, more: looked === CONTENTS_A_STEP };
      },
    },
    {
      // Removes blobs whose row is missing after a crash. One part of the store at a time: a whole round lasts about a day.
      name: "projects.stray-blobs",
      everyMs: DAY_MS / PREFIXES,
      async step(nowMs) {
        const found: string[] = [];
        for await (const { key, storedAtMs } of blobs.list(prefix.toString(16).padStart(2, "0")))
          if (nowMs - storedAtMs > CONTENT_GRACE_MS) found.push(key);
        prefix = (prefix + 1) % PREFIXES;
        let removed = 0;
        for (let at = 0; at < found.length; at += BLOBS_A_STEP) {
          const keys = found.slice(at, at + BLOBS_A_STEP);
          const known = await work((transaction) => retention.knownStorageKeys(transaction, keys));
          const stray = keys.filter((key) => !known.has(key));
          await dropBlobs(stray);
          removed += stray.length;
        }
        return { removed, more: false };
      },
    },
  ];
};
