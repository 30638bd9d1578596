/** How much memory the bodies of requests and answers may take at once, over all and for one sender: many large ones would end the process. */
import { Problem } from "#kernel/problem";

export type BodyBudget = {
  /**
   * Counts a body, or an answer, until `release` is called.
   * @throws Problem request/rate-limited when the sender has too many under way, server/unavailable when all together have.
   */
  take(sender: string, bytes: number): () => void;
};

export type BodyBudgetLimits = {
  readonly totalBytes: number;
  readonly senderBytes: number;
  /** Smaller ones are not counted: they are always admitted. */
  readonly freeBytes: number;
};

export const BODY_BUDGET: BodyBudgetLimits = {
  totalBytes: 256 * 1024 * 1024,
  senderBytes: 96 * 1024 * 1024,
  freeBytes: 64 * 1024,
};

const ignore = (): void => undefined;

export const createBodyBudget = (limits: BodyBudgetLimits = BODY_BUDGET): BodyBudget => {
  const senders = new Map<string, number>();
  let total = 0;
  return {
    take(sender, bytes) {
      if (bytes <= limits.freeBytes) return ignore;
      const own = senders.get(sender) ?? 0;
      if (own + bytes > limits.senderBytes)
        throw new Problem("request/rate-limited", "You have too many large requests under way.", {
          retryAfterSeconds: 1,
        });
      if (total + bytes > limits.totalBytes)
        throw new Problem("server/unavailable", "Too many large requests are under way.", { retryAfterSeconds: 1 });
      senders.set(sender, own + bytes);
      total += bytes;
      let isTaken = true;
      return () => {
        if (!isTaken) return;
        isTaken = false;
        total -= bytes;
        const left = (senders.get(sender) ?? 0) - bytes;
        if (left > 0) senders.set(sender, left);
        else senders.delete(sender);
      };
    },
  };
};

/** The bytes that a request's body may turn out to have; undefined: it has none, or more than it may, which is told elsewhere. */
export const expectedBytes = (
  headers: Readonly<Record<string, string | undefined>>,
  mostBytes: number,
): number | undefined => {
  if (headers["transfer-encoding"] !== undefined) return mostBytes;
  const told = Number(headers["content-length"] ?? 0);
  return told > 0 && told <= mostBytes ? told : undefined;
};
