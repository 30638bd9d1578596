/** For tests: IndexedDB, which Node lacks, under its global names for the tests of one file. */
import * as indexedDb from "fake-indexeddb";
import { afterAll, beforeAll, vi } from "vitest";

/** A test file calls it once, at its top level. */
export const haveIndexedDb = (): void => {
  beforeAll(() => {
    for (const [name, value] of Object.entries(indexedDb)) if (name.startsWith("IDB")) vi.stubGlobal(name, value);
  });
  afterAll(() => void vi.unstubAllGlobals());
};
