/** Trims the logs of live documents: updates that snapshots and versions hold, after a month or above a size, and logs of removed files. */
import type { HousekeepingTask } from "#platform/housekeeping";
import type { DocumentRef } from "../document/document-ref.ts";
import type { Snapshots } from "../snapshot/snapshots.ts";

const DAY_MS = 24 * 3600 * 1000;
/** How long the author of every edit is kept; versions keep their authors for good. */
const LOG_MS = 30 * DAY_MS;
/** Limit for one document, so that endless typing and deleting fills no disk. */
export const LOG_BYTES = 64 * 1024 * 1024;
const DOCUMENTS_A_STEP = 100;
const ROWS_A_STEP = 5_000;

/** Number of snapshots of earlier releases that are moved at once. */
const SNAPSHOTS_A_STEP = 20;

/** Removes log entries and snapshots that are no longer needed. Each operation can be repeated. */
export interface LogRetention {
  /**
   * Of the next `documents`: updates that an older generation made, or that both kept snapshots and a file version hold, when
   * they are older than `before` or when newer ones have more than `mostBytes` already. At most `limit` of them.
   */
  trim(pass: {
    readonly before: Date;
    readonly mostBytes: number;
    readonly after: DocumentRef | undefined;
    readonly documents: number;
    readonly limit: number;
  }): Promise<{
    readonly removed: number;
    /** Where to go on. */
    readonly next: DocumentRef | undefined;
    /** True when that were the last documents. */
    readonly isWhole: boolean;
  }>;
  /** Removes the logs and snapshots of documents whose files were removed; at most `limit` updates. */
  removeRemains(limit: number): Promise<{ readonly removed: number; readonly more: boolean }>;
}

export const createCollaborationHousekeeping = (
  { retention, snapshots }: { readonly retention: LogRetention; readonly snapshots: Pick<Snapshots, "moveInline"> },
  limits: { readonly logBytes: number } = { logBytes: LOG_BYTES },
): readonly HousekeepingTask[] => {
  let after: DocumentRef | undefined;
  return [
    {
      name: "collaboration.log",
      everyMs: 10 * 60_000,
      async step(nowMs) {
        const { removed, next, isWhole } = await retention.trim({
          before: new Date(nowMs - LOG_MS),
          mostBytes: limits.logBytes,
          after,
          documents: DOCUMENTS_A_STEP,
          limit: ROWS_A_STEP,
        });
        after = next;
        return { removed, more: !isWhole };
      },
    },
    {
      name: "collaboration.remains",
      everyMs: 60 * 60_000,
      step: () => retention.removeRemains(ROWS_A_STEP),
    },
    {
      name: "collaboration.inline-snapshots",
      everyMs: 60 * 60_000,
      async step() {
        const moved = await snapshots.moveInline(SNAPSHOTS_A_STEP);
        return { removed: 0, more: moved === SNAPSHOTS_A_STEP };
      },
    },
  ];
};
