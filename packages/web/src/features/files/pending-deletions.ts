/** Deletions that can still be taken back: shown as done, not yet asked of the server. */

export type PendingDeletion = {
  readonly path: string;
  /** Asks the server; resolves when it has answered. Never rejects. */
  readonly commit: () => Promise<void>;
  /** Brings the entry back; false when it is too late. */
  readonly undo: () => boolean;
};

const pending: PendingDeletion[] = [];

/** @returns what takes it off the list again, when it was taken back or the server has answered */
export const addPendingDeletion = (deletion: PendingDeletion): (() => void) => {
  pending.push(deletion);
  return () => void pending.splice(pending.indexOf(deletion), 1);
};

/** Makes every pending deletion final: what comes next (a run, a file of the same name) counts on it. */
export const settleDeletions = async (): Promise<void> => {
  await Promise.all(pending.map(({ commit }) => commit()));
};

/** Takes the last one back; false if there is none. */
export const undoLastDeletion = (): boolean => pending.toReversed().some(({ undo }) => undo());
