/** Trims the logs of live documents: updates that snapshots and versions hold, after a month or above a size, and logs of removed files. */
import type { HousekeepingTask } from "#platform/housekeeping";
import type { DocumentRef, LogRetention } from "../ports.ts";

const DAY_MS = 24 * 3600 * 1000;
/** How long the author of every edit is kept; versions keep their authors for good. */
const LOG_MS = 30 * DAY_MS;
/** Limit for one document, so that endless typing and deleting fills no disk. */
export const LOG_BYTES = 64 * 1024 * 1024;
const DOCUMENTS_A_STEP = 100;
const ROWS_A_STEP = 5_000;

export const createCollaborationHousekeeping = (
  retention: LogRetention,
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
  ];
};
