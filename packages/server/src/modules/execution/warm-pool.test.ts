import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import { describe, expect, it } from "vitest";
import { createDemand } from "./demand.ts";
import { settle } from "./execution-fixture.ts";
import { createScriptedProvider } from "./scripted-provider.ts";
import { createWarmPool, type SandboxKind } from "./warm-pool.ts";

const kind = (key: string): SandboxKind => ({
  key,
  blueprint: {
    mounts: { layers: [`/${key}`] },
    network: "none",
    lifetime: "run",
    memoryBytes: 1,
    diskBytes: 1,
    diskInodes: 1,
  },
});

const createSetting = (options: { maxWarm?: number; parallelBoots?: number } = {}) => {
  const clock = createManualClock();
  const provider = createScriptedProvider();
  const pool = createWarmPool({ provider, clock, log: silentLog, maxWarm: 16, parallelBoots: 2, ...options });
  const pass = async (byMs: number): Promise<void> => {
    for (let passedMs = 0; passedMs < byMs; passedMs += 100) {
      clock.advance(100);
      await settle();
    }
  };
  return { clock, provider, pool, pass };
};

describe("the warm pool", () => {
  it("[X8] one is ready before anybody asks; a claim takes it at once and it is replaced after a pause", async () => {
    const { provider, pool, pass } = createSetting();
    pool.keep(kind("a"));
    await settle();
    expect(pool.size).toBe(1);
    expect((await pool.claim(kind("a"))).warm).toBe(true);
    await settle();
    expect(provider.booted).toHaveLength(1);
    await pass(100);
    expect(pool.size).toBe(1);
    expect(provider.booted).toHaveLength(2);
  });

  it("[X8] claims on an empty pool each boot one, and no two get the same", async () => {
    const { provider, pool } = createSetting();
    const claims = await Promise.all(Array.from({ length: 6 }, () => pool.claim(kind("a"))));
    expect(new Set(claims.map(({ sandbox }) => sandbox)).size).toBe(6);
    expect(claims.every(({ warm }) => !warm)).toBe(true);
    expect(provider.booted).toHaveLength(6);
  });

  it("[X8] one that dies while waiting is disposed and replaced", async () => {
    const { provider, pool, pass } = createSetting();
    pool.keep(kind("a"));
    await settle();
    provider.killWaiting();
    await settle();
    expect(pool.size).toBe(0);
    expect(provider.disposed).toBe(1);
    await pass(100);
    expect(pool.size).toBe(1);
  });

  it("at most one boot per core ahead of demand, two while somebody waits", async () => {
    const { provider, pool } = createSetting({ parallelBoots: 2 });
    let booting = 0;
    let most = 0;
    const gates: (() => void)[] = [];
    provider.beforeBoot = async () => {
      booting += 1;
      most = Math.max(most, booting);
      await new Promise<void>((resolve) => gates.push(resolve));
      booting -= 1;
    };
    for (const key of ["a", "b", "c", "d"]) pool.keep(kind(key));
    await settle();
    expect(most).toBe(2);
    const claims = Promise.all(Array.from({ length: 9 }, () => pool.claim(kind("a"))));
    await settle();
    expect(most).toBe(4);
    while (gates.length > 0) {
      gates.shift()?.();
      await settle();
    }
    expect(await claims).toHaveLength(9);
    expect(most).toBe(4);
  });

  it("follows demand up and down, and stays below its bound", async () => {
    const { pool, pass } = createSetting({ maxWarm: 6 });
    pool.keep(kind("a"));
    pool.keep(kind("b"));
    await settle();
    for (let i = 0; i < 12; i += 1) await pool.claim(kind("a"));
    await pass(1000);
    expect(pool.size).toBe(6);
    await pass(1_200_000);
    expect(pool.size).toBeLessThanOrEqual(4);
    expect(pool.size).toBeGreaterThanOrEqual(2);
  });

  it("boots that fail are tried again later and later", async () => {
    const { provider, pool, pass } = createSetting();
    let tries = 0;
    provider.beforeBoot = () => {
      tries += 1;
      throw new Error("no");
    };
    pool.keep(kind("a"));
    await pass(15_000);
    expect(tries).toBe(4);
    provider.beforeBoot = () => undefined;
    await pass(60_000);
    expect(pool.size).toBe(1);
  });

  it("stopping disposes everything, also what is still booting, and lets waiters go", async () => {
    const { provider, pool } = createSetting();
    pool.keep(kind("a"));
    await settle();
    const gate = Promise.withResolvers<void>();
    provider.beforeBoot = () => gate.promise;
    await pool.claim(kind("a"));
    const waiting = pool.claim(kind("a"));
    const [refused, stopped] = [Promise.allSettled([waiting]), pool[Symbol.asyncDispose]()];
    gate.resolve();
    expect((await refused)[0].status).toBe("rejected");
    await stopped;
    expect(provider.disposed).toBe(1);
    await expect(pool.claim(kind("a"))).rejects.toThrow("stopped");
  });
});

describe("demand", () => {
  it("asks for a burst's size again, and forgets it slowly", () => {
    const clock = createManualClock();
    const demand = createDemand(() => clock.monotonic(), 8);
    expect(demand.target()).toBe(1);
    for (let i = 0; i < 8; i += 1) demand.arrived();
    expect(demand.target()).toBe(8);
    demand.arrived();
    expect(demand.target()).toBe(8);
    clock.advance(60_000);
    expect(demand.target()).toBeGreaterThan(5);
    clock.advance(1_800_000);
    expect(demand.target()).toBe(1);
  });

  it("covers the arrivals during two boots at a steady rate", () => {
    const clock = createManualClock();
    const demand = createDemand(() => clock.monotonic(), 8);
    for (let i = 0; i < 20; i += 1) demand.booted(1000);
    for (let i = 0; i < 600; i += 1) {
      clock.advance(500);
      demand.arrived();
    }
    expect(demand.target()).toBeGreaterThanOrEqual(5);
    expect(demand.target()).toBeLessThanOrEqual(8);
    expect(demand.target(72_000)).toBeGreaterThan(40);
  });
});
