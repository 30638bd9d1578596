/** Vitest's global setup: whatever its workers start ends with the run, also when Vitest is killed. */
import { watchThisProcess } from "../../scripts/lib/watched-run.mjs";

/** Called once before the first test. @returns what Vitest calls after the last one. */
export const setup = (): (() => Promise<void>) => {
  const watch = watchThisProcess();
  return () => watch.end();
};
