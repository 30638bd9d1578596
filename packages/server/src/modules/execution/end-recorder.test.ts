import { createManualClock } from "#kernel/clock";
import type { Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import { describe, expect, it } from "vitest";
import { createEndRecorder } from "./end-recorder.ts";
import { createMemoryStore, settle } from "./execution-fixture.ts";
import { createExecutionRegistry } from "./execution-registry.ts";
import { LiveExecution } from "./live-execution.ts";
import { PLAN_LIMITS } from "./plan-limits.ts";

const MIB = 1_048_576;

const start = (options: { maxWaitingBytes?: number } = {}) => {
  const clock = createManualClock();
  const store = createMemoryStore();
  const registry = createExecutionRegistry(clock);
  const stopping = new AbortController();
  const events: string[] = [];
  const write = (event: string): void => void events.push(event);
  const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log };
  const recorder = createEndRecorder({ store, registry, clock, log, stopping: stopping.signal, ...options });
  let made = 0;
  /** An execution that ended with this much output, and whose end is being recorded. */
  const end = async (outputBytes: number): Promise<LiveExecution> => {
    made += 1;
    const facts = {
      id: `00000000-0000-7000-8000-${String(made).padStart(12, "0")}`,
      projectId: null,
      userId: "u",
      language: "python",
      runtime: { id: "python", version: "3" },
      entryPoint: "main.py",
      args: [],
      tty: false,
      limits: PLAN_LIMITS.free.run,
      fileVersions: {},
      codeHash: "",
      queuedAtMs: 0,
      hints: [],
    };
    const live = new LiveExecution(facts, clock);
    registry.add(live);
    live.output("stdout", Buffer.alloc(outputBytes, "x"));
    live.finish({ ending: { status: "succeeded" }, stage: "run" });
    void recorder.record(live, Promise.resolve());
    await settle();
    return live;
  };
  const pass = async (ms: number): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 1000) {
      clock.advance(1000);
      await settle();
    }
  };
  return { clock, store, registry, stopping, events, end, pass };
};

describe("the record of how executions ended", () => {
  it("[X29] waits for the database without a limit, and the execution can be read from memory meanwhile", async () => {
    const { store, registry, end, pass, clock } = start();
    store.failing = true;
    const live = await end(5);
    await pass(180_000);
    expect(registry.get(live.facts.id)).toBe(live);
    expect(store.rows.size).toBe(0);
    store.failing = false;
    await pass(16_000);
    expect(store.rows.get(live.facts.id)).toMatchObject({ status: "succeeded", stdout: "xxxxx", truncated: false });
    clock.advance(61_000);
    expect(registry.get(live.facts.id)).toBeUndefined();
  });

  it("[X29] outputs that wait use a limited memory; output beyond it is dropped, the end is stored", async () => {
    const { store, events, end, pass } = start({ maxWaitingBytes: 5 * MIB });
    store.failing = true;
    const lives = [];
    for (let at = 0; at < 4; at += 1) lives.push(await end(MIB));
    await pass(60_000);
    store.failing = false;
    await pass(16_000);
    const rows = lives.map(({ facts }) => store.rows.get(facts.id));
    expect(rows.map((row) => row?.status)).toEqual(Array(4).fill("succeeded"));
    expect(rows.map((row) => row?.stdout.length)).toEqual([MIB, MIB, 0, 0]);
    expect(rows.map((row) => row?.truncated)).toEqual([false, false, true, true]);
    expect(rows[3]?.usage.outputBytes).toBe(rows[0]?.usage.outputBytes);
    expect(events.filter((event) => event === "execution.output-given-up")).toHaveLength(2);
    // Recorded outputs no longer count.
    store.failing = true;
    const later = await end(MIB);
    store.failing = false;
    await pass(1000);
    expect(store.rows.get(later.facts.id)?.stdout).toHaveLength(MIB);
  });

  it("[X29] an end that can't be written is logged and not retried", async () => {
    const { store, registry, events, end, pass, clock } = start();
    let tries = 0;
    store.finish = async () => {
      tries += 1;
      throw new Error("no row to complete");
    };
    const live = await end(5);
    await pass(120_000);
    expect(tries).toBe(5);
    expect(events.filter((event) => event === "execution.end-not-recorded")).toHaveLength(1);
    clock.advance(61_000);
    expect(registry.get(live.facts.id)).toBeUndefined();
  });

  it("[X13][X29] a server that stops tries once more", async () => {
    const { store, stopping, events, end } = start();
    let tries = 0;
    store.finish = async () => {
      tries += 1;
      throw new Problem("server/unavailable");
    };
    await end(5);
    stopping.abort();
    await settle();
    expect(tries).toBe(2);
    expect(events).toContain("execution.end-not-recorded");
  });
});
