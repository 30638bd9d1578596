/** Vitest's global setup: whatever its workers start ends with the run, also when Vitest is killed. */
import { watchThisProcess } from "../../scripts/lib/watched-run.mjs";

/** Called before the first test. @returns a function that Vitest calls after the last one */
export const setup = (): (() => Promise<void>) => {
  const watch = watchThisProcess();
  return () => watch.end();
};
