/** Rate limits as the edge sees them, and their settings. */
export type { RateDecision, RateLimits } from "./ports.ts";
export { rateLimitPoints, rateLimitSettings, type RateLimitPoints } from "./settings.ts";
