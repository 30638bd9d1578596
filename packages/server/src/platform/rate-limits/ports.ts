/** The rate-limits port: how often one user or one address may ask, by class of request. */
import type { RateClass } from "@atelier/contracts";

export type RateDecision = {
  readonly allowed: boolean;
  /** Requests per window. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the window starts anew. */
  readonly resetSeconds: number;
};

export interface RateLimits {
  /** Counts one request; of any number in parallel, exactly `limit` are allowed per window. */
  take(rate: RateClass, key: string): Promise<RateDecision>;
}
