/** Deletions that can still be taken back: shown as done, not yet asked of the server. */

export type PendingDeletion = {
  readonly path: string;
  /** Asks the server; resolves when it has answered. Never rejects. */
  readonly commit: () => Promise<void>;
  /** Brings the entry back; false when it is too late. */
  readonly undo: () => boolean;
};

export interface PendingDeletions {
  /** @returns what takes it off the list again, when it was taken back or the server has answered */
  add(deletion: PendingDeletion): () => void;
  /** Makes all of them final: what comes next (a run, a file of the same name, leaving the project) counts on it. */
  settle(): Promise<void>;
  /** Takes the last one back; false if there is none. */
  undoLast(): boolean;
}

export const createPendingDeletions = (): PendingDeletions => {
  const pending: PendingDeletion[] = [];
  return {
    add: (deletion) => {
      pending.push(deletion);
      return () => void pending.splice(pending.indexOf(deletion), 1);
    },
    settle: async () => {
      await Promise.all(pending.map(({ commit }) => commit()));
    },
    undoLast: () => pending.toReversed().some(({ undo }) => undo()),
  };
};
