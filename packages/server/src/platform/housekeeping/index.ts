/** Removing what is of no use any more, in small steps. */
export { createHousekeeping, type HousekeepingTask } from "./housekeeping.ts";
