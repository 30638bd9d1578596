import { afterAll, beforeAll, expect, test } from "vitest";
import { createManualClock } from "#kernel/clock";
import { openTestDatabase, type TestDatabase } from "../../sql/test-database.ts";
import { describeHomes } from "../ports.contract.ts";
import { createInProcessHomes } from "./in-process-homes.ts";
import { createSequenceFences } from "./sequence-fences.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

describeHomes("in process", async () => {
  const clock = createManualClock();
  const open = () => createInProcessHomes({ fences: createSequenceFences(database.sql), clock });
  return { homes: open(), restart: async () => open(), pass: async (ms) => clock.advance(ms) };
});

test("[H5] when there is no fence, the claim fails and the next caller gets the home", async () => {
  let calls = 0;
  const homes = createInProcessHomes({
    clock: createManualClock(),
    fences: {
      async next() {
        if (++calls === 1) throw new Error("planted");
        return 2n;
      },
    },
  });
  await expect(homes.claim("a")).rejects.toThrow("planted");
  expect((await homes.claim("a")).fence).toBe(2n);
});

test("[H13] fences grow beyond the end of a block, also for concurrent callers", async () => {
  const fences = createSequenceFences(database.sql);
  const given = await Promise.all(Array.from({ length: 2_500 }, () => fences.next()));
  expect(new Set(given).size).toBe(2_500);
  const later = await createSequenceFences(database.sql).next();
  expect(given.every((fence) => fence < later)).toBe(true);
});
