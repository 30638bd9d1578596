/** A page that was opened during the server's setup enables Run by itself. */
import type { Boot } from "@atelier/contracts";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { readinessOf, watchReadiness } from "./run-readiness.ts";
import { createRunStore } from "./run-store.ts";

type Readiness = Boot["execution"];
const preparing: Readiness = { available: false, reason: "still setting up", isPreparing: true };

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const open = (first: Readiness, answers: (Readiness | Error)[]) => {
  const runs = createRunStore(readinessOf(first));
  let looks = 0;
  watchReadiness({ boot: { execution: first, basePath: "" } as Boot, runs }, async () => {
    const answer = answers[Math.min(looks++, answers.length - 1)];
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error("no answer");
    return answer;
  });
  const known = () => {
    const { pausedBecause, isPreparing } = runs.getState();
    return { pausedBecause, isPreparing };
  };
  return { known, looks: () => looks };
};

test("Run is prepared, then enabled, and polling stops", async () => {
  const { known, looks } = open(preparing, [preparing, new TypeError("fetch failed"), { available: true }]);
  expect(known()).toEqual({ pausedBecause: "still setting up", isPreparing: true });
  await vi.advanceTimersByTimeAsync(4000);
  expect(known().isPreparing).toBe(true);
  await vi.advanceTimersByTimeAsync(2000);
  expect(known()).toEqual({ pausedBecause: undefined, isPreparing: false });
  await vi.advanceTimersByTimeAsync(120_000);
  expect(looks()).toBe(3);
});

test("after a failed setup Run is paused with the reason, polled less often, and enabled when the setup succeeds", async () => {
  const failed: Readiness = { available: false, reason: "its setup failed" };
  const { known, looks } = open(preparing, [failed, failed, { available: true }]);
  await vi.advanceTimersByTimeAsync(2000);
  expect(known()).toEqual({ pausedBecause: "its setup failed", isPreparing: false });
  await vi.advanceTimersByTimeAsync(29_000);
  expect(looks()).toBe(1);
  await vi.advanceTimersByTimeAsync(31_000);
  expect(known().pausedBecause).toBeUndefined();
});

test("when programs can run, nothing is polled", async () => {
  const { known, looks } = open({ available: true }, [preparing]);
  await vi.advanceTimersByTimeAsync(120_000);
  expect([known().pausedBecause, looks()]).toEqual([undefined, 0]);
});
