/** Limits the memory of the bodies of concurrent requests and responses, in total and for each sender: many large ones would end the process. */
import { Problem } from "#kernel/problem";

export type BodyBudget = {
  /**
   * Counts a body of a request or response until `release` is called.
   * @throws Problem request/rate-limited when the sender's pending bodies exceed the limit, server/unavailable when those of all senders do
   */
  take(sender: string, bytes: number): () => void;
};

export type BodyBudgetLimits = {
  readonly totalBytes: number;
  readonly senderBytes: number;
  /** Smaller bodies are not counted and always accepted. */
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
        throw new Problem("request/rate-limited", "You have too many large requests at once.", {
          retryAfterSeconds: 1,
        });
      if (total + bytes > limits.totalBytes)
        throw new Problem("server/unavailable", "There are too many large requests at once.", { retryAfterSeconds: 1 });
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

/** The largest number of bytes that a request's body can have; undefined: it has none, or is above its limit, which is refused elsewhere. */
export const expectedBytes = (
  headers: Readonly<Record<string, string | undefined>>,
  mostBytes: number,
): number | undefined => {
  if (headers["transfer-encoding"] !== undefined) return mostBytes;
  const told = Number(headers["content-length"] ?? 0);
  return told > 0 && told <= mostBytes ? told : undefined;
};
