/** Messages between modules, which may be lost. */
export type { Bus, BusMessages, BusTopic } from "./ports.ts";
