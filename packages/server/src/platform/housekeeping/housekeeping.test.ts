import { describe, expect, test } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { createInProcessHomes } from "../homes/adapters/in-process-homes.ts";
import { createPrometheusMetrics } from "../metrics/adapters/prometheus-metrics.ts";
import { createHousekeeping, type HousekeepingTask } from "./housekeeping.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

const open = (tasks: readonly HousekeepingTask[]) => {
  const clock = createManualClock();
  let fence = 0n;
  const homes = createInProcessHomes({ fences: { next: async () => ++fence }, clock });
  const metrics = createPrometheusMetrics();
  const node = (on = createPrometheusMetrics()) =>
    createHousekeeping({ tasks, homes, clock, log: silentLog, metrics: on });
  return { clock, homes, metrics, node };
};

/** A task that removes two rows in each of `steps` steps per round. */
const counting = (name: string, steps: number) => {
  const task = {
    name,
    everyMs: 10_000,
    steps: 0,
    async step() {
      task.steps += 1;
      return { removed: 2, more: task.steps % steps !== 0 };
    },
  };
  return task;
};

describe("housekeeping", () => {
  test("[H1] works through a round in steps with pauses, then waits for the next one", async () => {
    const task = counting("a", 3);
    const { clock, node, metrics } = open([task]);
    const housekeeping = node(metrics);
    await housekeeping.start(new AbortController().signal);
    clock.advance(59_999);
    await settled();
    expect(task.steps).toBe(0);
    clock.advance(1);
    await settled();
    expect(task.steps).toBe(1);
    for (let n = 0; n < 5; n += 1) {
      clock.advance(100);
      await settled();
    }
    expect(task.steps).toBe(3);
    clock.advance(10_000);
    await settled();
    expect(task.steps).toBe(4);
    await housekeeping[Symbol.asyncDispose]();
    clock.advance(100_000);
    await settled();
    expect(task.steps).toBe(4);
    expect((await metrics.scrape()).text).toContain('atelier_housekeeping_removed_total{task="a"} 8');
  });

  test("[H2] a task runs on one of two nodes", async () => {
    const gate = Promise.withResolvers<void>();
    let atOnce = 0;
    let rounds = 0;
    const task: HousekeepingTask = {
      name: "a",
      everyMs: 1_000,
      async step() {
        rounds += 1;
        atOnce += 1;
        expect(atOnce).toBe(1);
        await gate.promise;
        atOnce -= 1;
        return { removed: 0, more: false };
      },
    };
    const { clock, node } = open([task]);
    const both = [node().runAll(), node().runAll()];
    await settled();
    // A claim with waitMs 0 is refused when the clock advances.
    clock.advance(1);
    await settled();
    gate.resolve();
    await Promise.all(both);
    expect(rounds).toBe(1);
  });

  test("[H3] a failed task is counted and retried, and blocks no other", async () => {
    let failing = true;
    const bad: HousekeepingTask = {
      name: "bad",
      everyMs: 1_000,
      step: () => (failing ? Promise.reject(new Error("planted")) : Promise.resolve({ removed: 7, more: false })),
    };
    const good = counting("good", 1);
    const { clock, node, metrics } = open([bad, good]);
    const housekeeping = node(metrics);
    await expect(housekeeping.runAll()).rejects.toThrow(AggregateError);
    expect(good.steps).toBe(1);
    await housekeeping.start(new AbortController().signal);
    clock.advance(60_000);
    await settled();
    failing = false;
    clock.advance(1_000);
    await settled();
    const { text } = await metrics.scrape();
    expect(text).toContain('atelier_housekeeping_failures_total{task="bad"} 1');
    expect(text).toContain('atelier_housekeeping_removed_total{task="bad"} 7');
    await housekeeping[Symbol.asyncDispose]();
  });

  test("[H4] stopping waits for the current step and begins no other", async () => {
    const gate = Promise.withResolvers<void>();
    let steps = 0;
    const { clock, node } = open([
      {
        name: "a",
        everyMs: 1_000,
        async step() {
          steps += 1;
          await gate.promise;
          return { removed: 1, more: true };
        },
      },
    ]);
    const housekeeping = node();
    await housekeeping.start(new AbortController().signal);
    clock.advance(60_000);
    await settled();
    let isDone = false;
    const stopping = housekeeping[Symbol.asyncDispose]().then(() => (isDone = true));
    await settled();
    expect(isDone).toBe(false);
    gate.resolve();
    await stopping;
    expect(steps).toBe(1);
  });

  test("[H5] two tasks with the same name throw an error", async () => {
    const { node } = open([counting("a", 1), counting("a", 1)]);
    await expect(node().start(new AbortController().signal)).rejects.toThrow(/one name/u);
  });
});
