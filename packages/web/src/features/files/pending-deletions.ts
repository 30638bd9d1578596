/** Deletions that can be undone: shown as done, not yet requested from the server. */

export type PendingDeletion = {
  readonly path: string;
  /** Sends the request; resolves with the response. Never rejects. */
  readonly commit: () => Promise<void>;
  /** Brings the entry back; false when it is too late. */
  readonly undo: () => boolean;
};

export interface PendingDeletions {
  /** @returns a function that removes it from the list, when it was undone or the server has responded */
  add(deletion: PendingDeletion): () => void;
  /** Makes all of them final: what comes next (a run, a file of the same name, leaving the project) counts on it. */
  settle(): Promise<void>;
  /** Undoes the last deletion; false if there is none. */
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
