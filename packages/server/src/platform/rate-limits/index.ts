/** Rate limits as the edge sees them, and their settings. */
export type { RateDecision, RateLimits } from "./ports.ts";
export { rateLimitSettings, type RateLimitPoints } from "./settings.ts";
