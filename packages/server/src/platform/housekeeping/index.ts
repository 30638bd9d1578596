/** Removes old and unreferenced data in small steps. */
export { createHousekeeping, type HousekeepingTask } from "./housekeeping.ts";
