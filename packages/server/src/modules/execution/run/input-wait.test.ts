/** Tests when a program counts as waiting: by init's answers and by its CPU time meanwhile. */
import { describe, expect, test } from "vitest";
import { createInputWait } from "./input-wait.ts";

const INTERVAL_MS = 50;

/** Init answers every question with `says`; `begun` counts the slots that are taken. */
const watch = (says: () => boolean = () => true) => {
  let nowMs = 0;
  let cpuMs = 1234;
  const told: string[] = [];
  let probes = 0;
  let begun = 0;
  const wait = createInputWait({
    patience: { idleMs: 600_000, begin: () => (begun += 1) > 0, end: () => (begun -= 1) },
    idleShare: 0.05,
    probe: () => (probes += 1),
    changed: (waits) => void told.push(`${waits ? "waits" : "works"} at ${nowMs}`),
    gaveUp: () => void told.push(`gave up at ${nowMs}`),
    now: () => nowMs,
  });
  /** `share` of a processor that is used during `ms`. */
  const pass = (ms: number, share: number): void => {
    for (const endMs = nowMs + ms; nowMs < endMs;) {
      nowMs += INTERVAL_MS;
      cpuMs += INTERVAL_MS * share;
      const before = probes;
      wait.tick(cpuMs);
      if (probes > before) wait.answer(says());
    }
  };
  return { wait, pass, told, begun: () => begun, probes: () => probes };
};

describe("a run that waits for input", () => {
  test("[X36] counts as waiting when it has used almost no CPU time for a short time", () => {
    const { pass, told, begun } = watch();
    pass(2000, 0.02);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/^waits at (?:[5-9]|10)\d\d$/u);
    expect(begun()).toBe(1);
  });

  test.each([0.1, 0.25, 1, 2])("[X36] does not while it uses %d of a processor, whoever reads its input", (share) => {
    const { pass, told, begun } = watch();
    pass(20_000, share);
    expect(told).toEqual([]);
    expect(begun()).toBe(0);
  });

  test("[X36] ends waiting when it works, by itself and with little of a processor", () => {
    const { pass, told, begun } = watch();
    pass(2000, 0);
    pass(1000, 0.1);
    expect(told.map((line) => line.slice(0, 5))).toEqual(["waits", "works"]);
    pass(20_000, 0.1);
    expect(told).toHaveLength(2);
    expect(begun()).toBe(0);
    pass(2000, 0);
    expect(told).toHaveLength(3);
  });

  test("[X36] an answer that came after output or input is outdated", () => {
    const { wait, pass, told } = watch(() => {
      wait.wrote();
      return true;
    });
    pass(10_000, 0);
    expect(told).toEqual([]);
  });

  test("[X36] is asked less and less often while it does not wait", () => {
    const { pass, probes } = watch(() => false);
    pass(20_000, 0);
    expect(probes()).toBeGreaterThan(3);
    expect(probes()).toBeLessThan(9);
  });
});
