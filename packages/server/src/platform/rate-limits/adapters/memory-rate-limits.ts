/** Rate limits of one process, counted in memory by rate-limiter-flexible. */
import type { RateClass } from "@atelier/contracts";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import type { RateDecision, RateLimits } from "../ports.ts";
import type { RateLimitPoints } from "../settings.ts";

const WINDOW_SECONDS = 60;

export const createMemoryRateLimits = (points: RateLimitPoints): RateLimits => {
  const limiter = (rate: RateClass): RateLimiterMemory =>
    new RateLimiterMemory({ keyPrefix: rate, points: points[rate], duration: WINDOW_SECONDS });
  const limiters: Readonly<Record<RateClass, RateLimiterMemory>> = {
    read: limiter("read"),
    write: limiter("write"),
    "sign-in": limiter("sign-in"),
    execute: limiter("execute"),
    export: limiter("export"),
    import: limiter("import"),
  };
  const decision = (rate: RateClass, allowed: boolean, result: RateLimiterRes): RateDecision => ({
    allowed,
    limit: points[rate],
    remaining: Math.max(0, result.remainingPoints),
    resetSeconds: Math.max(1, Math.ceil(result.msBeforeNext / 1000)),
  });
  return {
    async take(rate, key) {
      try {
        return decision(rate, true, await limiters[rate].consume(key));
      } catch (refusal) {
        // The library rejects with its result when the limit is reached, and with an Error when it failed.
        if (refusal instanceof RateLimiterRes) return decision(rate, false, refusal);
        throw refusal;
      }
    },
  };
};
