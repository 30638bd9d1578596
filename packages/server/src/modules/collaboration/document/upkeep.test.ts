import { expect, it } from "vitest";
import { createManualClock } from "#kernel/clock";
import { createPending } from "#kernel/pending";
import { Upkeep, UPKEEP_TIMES } from "./upkeep.ts";

const open = () => {
  const clock = createManualClock();
  const checkpoints: number[] = [];
  const upkeep = new Upkeep({
    clock,
    times: UPKEEP_TIMES,
    pending: createPending(),
    onFault: (_task, error) => {
      throw error;
    },
    work: {
      checkpoint: async () => void checkpoints.push(clock.monotonic()),
      catchUp: async () => undefined,
      snapshot: async () => undefined,
      compact: async () => undefined,
      shrinkLog: async () => undefined,
      retire: async () => undefined,
    },
  });
  return { clock, checkpoints, upkeep };
};

it("[C20] a small document is checkpointed 2 s after the last edit, a large one later, each at the latest after 60 s", () => {
  for (const [bytes, waitMs] of [
    [100, 2_000],
    [256 * 1024, 2_000],
    [1024 * 1024, 8_000],
    [5 * 1024 * 1024, 40_000],
    [20 * 1024 * 1024, 60_000],
  ] as const) {
    const { clock, checkpoints, upkeep } = open();
    upkeep.edited({ needsCompaction: false, isLogLong: false, bytes });
    clock.advance(waitMs - 1);
    expect(checkpoints).toEqual([]);
    clock.advance(1);
    expect(checkpoints).toEqual([waitMs]);
    upkeep.stop();
  }
});

it("[C20] typing without a pause is checkpointed every 60 s", () => {
  const { clock, checkpoints, upkeep } = open();
  for (let second = 0; second < 125; second += 1) {
    upkeep.edited({ needsCompaction: false, isLogLong: false, bytes: 10 });
    clock.advance(1_000);
  }
  expect(checkpoints).toEqual([60_000, 120_000]);
});
