/** The rate-limits port: the number of requests of a user or an address, by class. */
import type { RateClass } from "@atelier/contracts";

export type RateDecision = {
  readonly allowed: boolean;
  /** Requests per window. */
  readonly limit: number;
  readonly remaining: number;
  /** Until the next window begins. */
  readonly resetSeconds: number;
};

export interface RateLimits {
  /** Counts one request; also of parallel requests exactly `limit` are allowed per window. */
  take(rate: RateClass, key: string): Promise<RateDecision>;
}
