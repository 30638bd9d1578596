/** Hints between modules. */
export type { Bus, BusMessages, BusTopic } from "./ports.ts";
