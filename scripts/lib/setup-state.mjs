// Tracks which setup steps are pending while the server already listens, in a file that the server reads.
import { rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { checkout } from "./checkout.mjs";
import { writeWhole } from "./recipe.mjs";

/** The pending steps that programs need; roles/executor/setup-state.ts reads the file. */
export function createSetupState() {
  const pending = new Set();
  const faults = [];
  let file;
  const write = () => {
    if (file !== undefined) writeWhole(file, `${JSON.stringify({ pending: [...pending], faults })}\n`);
  };
  return {
    pending: () => [...pending],
    /**
     * Runs a step that programs need. `work` calls `onFault` when it fails and the setup continues.
     * @template T
     * @param {string} title
     * @param {(onFault: (fault: Error) => void) => Promise<T>} work
     * @returns {Promise<T>}
     */
    async during(title, work) {
      pending.add(title);
      try {
        return await work((fault) => faults.push({ step: title, message: fault.message }));
      } finally {
        pending.delete(title);
        write();
      }
    },
    /** Writes the state to a file from now on. @returns {string} its path */
    publish() {
      file = join(checkout, ".atelier", `setup-${process.pid}.json`);
      write();
      return file;
    },
    remove() {
      if (file !== undefined) rmSync(file, { force: true });
      file = undefined;
    },
  };
}
