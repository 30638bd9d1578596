/** How often a polled sandbox's proportional memory is read: only when resident memory requires it. */
import { expect, test } from "vitest";
import type { HostProcess } from "../machine/host-processes.ts";
import { createPolledMeter } from "./polled-meter.ts";

const pageBytes = 4096;
const limitBytes = 1000 * pageBytes;

/** A parent and three children that share most of their pages. */
const openMeter = (): {
  measure: (memory: { residentPages: number; ownPages: number }) => { peakPages: number; exceeded: boolean };
  looks: () => number;
} => {
  let now = { residentPages: 0, ownPages: 0 };
  let looks = 0;
  const member = (pid: number): HostProcess => ({
    pid,
    parent: pid === 10 ? 1 : 10,
    state: "S",
    ticks: 1,
    residentPages: now.residentPages,
    startTicks: 1,
  });
  const meter = createPolledMeter(10, {
    processes: () => [10, 11, 12, 13].map(member),
    proportionalBytes: () => {
      looks += 1;
      return now.ownPages * pageBytes;
    },
  });
  meter.begin(limitBytes);
  return {
    measure(memory) {
      now = memory;
      const { memoryPeakBytes, memoryExceeded } = meter.measure();
      return { peakPages: memoryPeakBytes / pageBytes, exceeded: memoryExceeded };
    },
    looks: () => looks / 4,
  };
};

test("the proportional memory of sharing processes is read once, until resident memory grows", () => {
  const { measure, looks } = openMeter();
  for (let polls = 0; polls < 20; polls++) expect(measure({ residentPages: 200, ownPages: 60 }).peakPages).toBe(240);
  expect(looks()).toBe(1);
  measure({ residentPages: 100, ownPages: 30 });
  measure({ residentPages: 200, ownPages: 60 });
  expect(looks()).toBe(1);
  expect(measure({ residentPages: 201, ownPages: 61 })).toEqual({ peakPages: 244, exceeded: false });
  expect(looks()).toBe(2);
});

test("above the limit each measurement reads proportional memory, because unsharing pages does not change resident memory", () => {
  const { measure, looks } = openMeter();
  expect(measure({ residentPages: 300, ownPages: 80 }).exceeded).toBe(false);
  expect(measure({ residentPages: 300, ownPages: 240 }).exceeded).toBe(false);
  expect(measure({ residentPages: 300, ownPages: 251 })).toEqual({ peakPages: 1004, exceeded: true });
  // The last one twice, before it ends a run.
  expect(looks()).toBe(4);
});

test("memory above the limit in one measurement only, during a fork, does not end a run", () => {
  const seen = [500, 80];
  const meter = createPolledMeter(10, {
    processes: () => [{ pid: 10, parent: 1, state: "S", ticks: 0, residentPages: 2000, startTicks: 1 }],
    proportionalBytes: () => (seen.shift() ?? 80) * pageBytes,
  });
  meter.begin(100 * pageBytes);
  expect(meter.measure()).toMatchObject({ memoryExceeded: false, memoryPeakBytes: 80 * pageBytes });
});

test("a new stage resets the measurement", () => {
  const meter = createPolledMeter(10, {
    processes: () => [{ pid: 10, parent: 1, state: "S", ticks: 0, residentPages: 5, startTicks: 1 }],
    proportionalBytes: () => 3 * pageBytes,
  });
  meter.begin(limitBytes);
  expect(meter.measure().memoryPeakBytes).toBe(3 * pageBytes);
  meter.begin(limitBytes);
  expect(meter.measure().memoryPeakBytes).toBe(3 * pageBytes);
});

test("[I41] a kernel of the sandbox's own is measured by the memory that it keeps for its program, mapped or not", () => {
  let bytes: number | undefined;
  let nowMs = 0;
  const meter = createPolledMeter(10, {
    processes: () => [{ pid: 10, parent: 1, state: "S", ticks: 0, residentPages: 1e6, startTicks: 1 }],
    proportionalBytes: () => Number.MAX_SAFE_INTEGER,
    memoryFile: { bytes: () => bytes, toolBytes: 50 * pageBytes, now: () => nowMs },
  });
  meter.begin(100 * pageBytes);
  const measure = (pages: number | undefined, afterMs = 50) => {
    bytes = pages === undefined ? undefined : pages * pageBytes;
    nowMs += afterMs;
    const { memoryPeakBytes, memoryExceeded } = meter.measure();
    return [memoryPeakBytes / pageBytes, memoryExceeded];
  };
  expect(measure(undefined)).toEqual([0, false]);
  expect(measure(80)).toEqual([80, false]);
  // Freed memory is returned with a delay.
  expect(measure(140)).toEqual([100, false]);
  expect(measure(140, 200)).toEqual([100, false]);
  expect(measure(90)).toEqual([100, false]);
  expect(measure(140, 300)).toEqual([100, false]);
  expect(measure(101, 250)).toEqual([100, true]);
  meter.begin(100 * pageBytes);
  expect(measure(10)[0]).toBe(10);
});

test("[I41] memory far above the limit of a kernel of the sandbox's own counts at once", () => {
  const meter = createPolledMeter(10, {
    processes: () => [],
    proportionalBytes: () => 0,
    memoryFile: { bytes: () => 151 * pageBytes, toolBytes: 50 * pageBytes, now: () => 0 },
  });
  meter.begin(100 * pageBytes);
  expect(meter.measure()).toMatchObject({ memoryPeakBytes: 100 * pageBytes, memoryExceeded: true });
});
