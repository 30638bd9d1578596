/** The Idempotency-Key of a request, as far as it has one. */
import { Problem } from "#kernel/problem";
import type { RequestFacts } from "#platform/http";

const IDEMPOTENCY_KEY = /^[\u0021-\u007e]{1,200}$/u;

export const invalidHeader = (name: string, message: string): Problem =>
  new Problem("request/invalid", undefined, { faults: [{ at: `header ${name}`, message }] });

/** @throws Problem request/invalid */
export const idempotencyKeyOf = (request: RequestFacts): string | undefined => {
  const key = request.headers["idempotency-key"];
  if (key !== undefined && !IDEMPOTENCY_KEY.test(key))
    throw invalidHeader("idempotency-key", "1 to 200 visible characters.");
  return key;
};
