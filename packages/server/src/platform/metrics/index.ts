/** Metrics: their port. */
export type { Counter, Histogram, Metrics } from "./ports.ts";
