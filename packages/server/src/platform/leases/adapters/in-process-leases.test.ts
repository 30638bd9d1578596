import { afterAll, beforeAll, expect, test } from "vitest";
import { createManualClock } from "#kernel/clock";
import { openTestDatabase, type TestDatabase } from "../../sql/test-database.ts";
import { describeLeases } from "../ports.contract.ts";
import { createInProcessLeases } from "./in-process-leases.ts";
import { createSequenceFences } from "./sequence-fences.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

describeLeases("in process", async () => {
  const clock = createManualClock();
  const open = () => createInProcessLeases({ fences: createSequenceFences(database.sql), clock });
  return { leases: open(), restart: async () => open(), pass: async (ms) => clock.advance(ms) };
});

test("[L5] when no fence can be had, the name goes to the next", async () => {
  let calls = 0;
  const leases = createInProcessLeases({
    clock: createManualClock(),
    fences: {
      async next() {
        if (++calls === 1) throw new Error("planted");
        return 2n;
      },
    },
  });
  await expect(leases.acquire("a", { waitMs: 0 })).rejects.toThrow("planted");
  expect((await leases.acquire("a", { waitMs: 0 })).fence).toBe(2n);
});
