/** Sandboxes that have booted and wait: claimed once, never reused, replaced off the hot path, as many as demand asks for. */
import type { Clock, Timer } from "#kernel/clock";
import type { Log } from "#kernel/log";
import type { SandboxBlueprint } from "#platform/sandboxes";
import type { RunProvider, WarmSandbox } from "./run/ports.ts";
import { createDemand, type Demand } from "./demand.ts";

/** What is interchangeable: languages with the same image and warm-up share sandboxes. */
export type SandboxKind = { readonly key: string; readonly blueprint: SandboxBlueprint };

export type WarmPoolOptions = {
  readonly provider: RunProvider;
  readonly clock: Clock;
  readonly log: Log;
  /** Waiting and booting sandboxes over all kinds, beyond those that a claim waits for. */
  readonly maxWarm: number;
  /** How often a kind is usually asked for at this time of the week, per hour. */
  readonly expectedPerHour?: (kind: SandboxKind) => number;
  /** Boots at once that nobody waits for; claims may have twice as many. */
  readonly parallelBoots: number;
};

export type Claim = {
  readonly sandbox: WarmSandbox;
  /** False: it was booted for this claim. */ readonly warm: boolean;
};

export interface WarmPool {
  /** Keeps sandboxes of this kind ready from now on. */
  keep(kind: SandboxKind): void;
  /** Keeps none of this kind ready any more, and ends those that wait. */
  drop(kind: SandboxKind): void;
  /** A sandbox for one run; the claimer disposes it. @throws what `boot` threw, after one more try. */
  claim(kind: SandboxKind): Promise<Claim>;
  /** Waiting sandboxes, all kinds. */
  readonly size: number;
  [Symbol.asyncDispose](): Promise<void>;
}

type KindPool = {
  readonly kind: SandboxKind;
  readonly demand: Demand;
  readonly ready: WarmSandbox[];
  readonly waiters: PromiseWithResolvers<Claim>[];
  booting: number;
  failures: number;
  kept: boolean;
  /** Until then nothing is booted ahead: the boots before failed. */
  restingUntilMs: number;
};

/** A refill waits this long after a claim, so that booting does not compete with the program that has just started. */
const REFILL_DELAY_MS = 100;
/** Programs that start at once on one core and are still all quick. */
const BURST_PER_CORE = 4;
const SHRINK_EVERY_MS = 15_000;
const FIRST_REST_MS = 1000;
const LONGEST_REST_MS = 60_000;

export const createWarmPool = ({
  provider,
  clock,
  log,
  maxWarm,
  parallelBoots,
  expectedPerHour,
}: WarmPoolOptions): WarmPool => {
  const pools = new Map<string, KindPool>();
  const boots = new Set<Promise<void>>();
  const disposals = new Set<Promise<void>>();
  let refillTimer: Timer | undefined;
  let shrinkTimer: Timer | undefined;
  let stopped = false;

  const poolOf = (kind: SandboxKind): KindPool => {
    const found = pools.get(kind.key);
    if (found !== undefined) return found;
    const demand = createDemand(() => clock.monotonic(), parallelBoots * BURST_PER_CORE);
    const pool: KindPool = {
      kind,
      demand,
      ready: [],
      waiters: [],
      booting: 0,
      failures: 0,
      kept: false,
      restingUntilMs: 0,
    };
    pools.set(kind.key, pool);
    return pool;
  };

  const targetOf = ({ demand, kind }: KindPool): number => demand.target(expectedPerHour?.(kind));

  const discard = (sandbox: WarmSandbox): void => {
    const disposal = sandbox[Symbol.asyncDispose]()
      .catch((error: unknown) => log.warn("sandbox.dispose-failed", { error }))
      .finally(() => disposals.delete(disposal));
    disposals.add(disposal);
  };

  const accept = (pool: KindPool, sandbox: WarmSandbox): void => {
    const waiter = pool.waiters.shift();
    if (waiter !== undefined) return waiter.resolve({ sandbox, warm: false });
    if (stopped) return discard(sandbox);
    pool.ready.push(sandbox);
    void sandbox.died.then(() => {
      const index = pool.ready.indexOf(sandbox);
      if (index === -1) return;
      pool.ready.splice(index, 1);
      log.warn("sandbox.died-waiting", { kind: pool.kind.key });
      discard(sandbox);
      refillSoon();
    });
  };

  const boot = (pool: KindPool): void => {
    pool.booting += 1;
    const startMs = clock.monotonic();
    const work = provider
      .boot(pool.kind.blueprint)
      .then(
        (sandbox) => {
          pool.booting -= 1;
          pool.failures = 0;
          pool.demand.booted(clock.monotonic() - startMs);
          accept(pool, sandbox);
        },
        (error: unknown) => {
          pool.booting -= 1;
          pool.failures += 1;
          const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (pool.failures - 1));
          pool.restingUntilMs = clock.monotonic() + restMs;
          log.warn("sandbox.boot-failed", { kind: pool.kind.key, failures: pool.failures, error });
          if (pool.failures > 1) for (const waiter of pool.waiters.splice(0)) waiter.reject(error);
          clock.after(restMs, refill);
        },
      )
      .finally(() => {
        boots.delete(work);
        refill();
      });
    boots.add(work);
  };

  const serveWaiters = (): void => {
    for (const pool of pools.values()) {
      while (pool.waiters.length > pool.booting && boots.size < parallelBoots * 2) boot(pool);
    }
  };

  const neediest = (): KindPool | undefined => {
    const fillOf = (pool: KindPool): number => (pool.ready.length + pool.booting) / targetOf(pool);
    return [...pools.values()]
      .filter((pool) => pool.kept && pool.restingUntilMs <= clock.monotonic() && fillOf(pool) < 1)
      .toSorted((a, b) => fillOf(a) - fillOf(b))[0];
  };

  const warmCount = (): number =>
    [...pools.values()].reduce(
      (sum, pool) => sum + pool.ready.length + Math.max(0, pool.booting - pool.waiters.length),
      0,
    );

  const refill = (): void => {
    if (stopped) return;
    serveWaiters();
    while (boots.size < parallelBoots && warmCount() < maxWarm) {
      const pool = neediest();
      if (pool === undefined) return;
      boot(pool);
    }
  };

  const refillSoon = (): void => {
    refillTimer ??= clock.after(REFILL_DELAY_MS, () => {
      refillTimer = undefined;
      refill();
    });
  };

  const shrink = (): void => {
    for (const pool of pools.values()) {
      const surplus = pool.ready.length - Math.ceil(targetOf(pool) * 1.25);
      for (const sandbox of pool.ready.splice(0, Math.max(0, surplus))) discard(sandbox);
    }
    shrinkTimer = clock.after(SHRINK_EVERY_MS, shrink);
  };

  return {
    keep(kind) {
      if (stopped) return;
      poolOf(kind).kept = true;
      shrinkTimer ??= clock.after(SHRINK_EVERY_MS, shrink);
      refill();
    },
    drop(kind) {
      const pool = pools.get(kind.key);
      if (pool === undefined) return;
      pool.kept = false;
      for (const sandbox of pool.ready.splice(0)) discard(sandbox);
    },
    async claim(kind) {
      if (stopped) throw new Error("the warm pool has been stopped");
      const pool = poolOf(kind);
      pool.demand.arrived();
      const sandbox = pool.ready.shift();
      if (sandbox !== undefined) {
        refillSoon();
        return { sandbox, warm: true };
      }
      const waiter = Promise.withResolvers<Claim>();
      pool.waiters.push(waiter);
      serveWaiters();
      return waiter.promise;
    },
    get size() {
      return [...pools.values()].reduce((sum, pool) => sum + pool.ready.length, 0);
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      refillTimer?.cancel();
      shrinkTimer?.cancel();
      for (const pool of pools.values()) {
        for (const waiter of pool.waiters.splice(0)) waiter.reject(new Error("the warm pool has been stopped"));
        for (const sandbox of pool.ready.splice(0)) discard(sandbox);
      }
      await Promise.all(boots);
      await Promise.all(disposals);
    },
  };
};
