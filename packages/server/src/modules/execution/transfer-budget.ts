/** How much memory files may take on their way into sandboxes, or back from them until they are kept; a run waits for it in order. */

/** One run's part of it. */
export type TransferShare = {
  /** Once. False: it was released before there was enough. Never rejects. */
  reserve(bytes: number): Promise<boolean>;
  /** So much of it is needed after all, and no more is waited for. */
  shrink(bytes: number): void;
  /** Idempotent. */
  release(): void;
};

export interface TransferBudget {
  of(userId: string): TransferShare;
}

export type TransferBudgetLimits = {
  readonly totalBytes: number;
  /** Of one user's runs together. */
  readonly userBytes: number;
};

const MIB = 1_048_576;
const TRANSFER_BUDGET: TransferBudgetLimits = { totalBytes: 128 * MIB, userBytes: 64 * MIB };

type Waiting = { readonly userId: string; readonly bytes: number; readonly grant: () => void };

/** A request above the limits gets the whole budget for itself. The limits are those of files that come back, unless others are given. */
export const createTransferBudget = (limits: TransferBudgetLimits = TRANSFER_BUDGET): TransferBudget => {
  const users = new Map<string, number>();
  const waiting = new Set<Waiting>();
  let total = 0;

  const usedBy = (userId: string): number => users.get(userId) ?? 0;
  const add = (userId: string, bytes: number): void => {
    total += bytes;
    const own = usedBy(userId) + bytes;
    if (own > 0) users.set(userId, own);
    else users.delete(userId);
  };
  /** A user at its own bound is passed by; the first of the others that finds too little blocks those behind it. */
  const grantInOrder = (): void => {
    for (const next of waiting) {
      const own = usedBy(next.userId);
      if (own > 0 && own + next.bytes > limits.userBytes) continue;
      if (total > 0 && total + next.bytes > limits.totalBytes) return;
      waiting.delete(next);
      add(next.userId, next.bytes);
      next.grant();
    }
  };

  return {
    of(userId) {
      let granted = 0;
      let isReleased = false;
      let giveUp = (): void => undefined;
      const shrink = (bytes: number): void => {
        giveUp();
        if (bytes >= granted) return;
        add(userId, bytes - granted);
        granted = bytes;
        grantInOrder();
      };
      return {
        shrink,
        reserve(bytes) {
          if (isReleased) return Promise.resolve(false);
          const { promise, resolve } = Promise.withResolvers<boolean>();
          const entry: Waiting = {
            userId,
            bytes,
            grant() {
              granted = bytes;
              resolve(true);
            },
          };
          giveUp = () => {
            waiting.delete(entry);
            resolve(false);
          };
          waiting.add(entry);
          grantInOrder();
          return promise;
        },
        release() {
          if (isReleased) return;
          isReleased = true;
          shrink(0);
          // It may have blocked others while it waited.
          grantInOrder();
        },
      };
    },
  };
};
