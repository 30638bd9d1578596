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
  /** A sandbox for one run; the claimer disposes it. @throws what `boot` threw, after one more try. */
  claim(kind: SandboxKind): Promise<Claim>;
  /** Waiting sandboxes, all kinds. */
  readonly size: number;
  [Symbol.asyncDispose](): Promise<void>;
}

type Shelf = {
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
  const shelves = new Map<string, Shelf>();
  const boots = new Set<Promise<void>>();
  const disposals = new Set<Promise<void>>();
  let refillTimer: Timer | undefined;
  let shrinkTimer: Timer | undefined;
  let stopped = false;

  const shelfOf = (kind: SandboxKind): Shelf => {
    const found = shelves.get(kind.key);
    if (found !== undefined) return found;
    const demand = createDemand(() => clock.monotonic(), parallelBoots * BURST_PER_CORE);
    const shelf: Shelf = {
      kind,
      demand,
      ready: [],
      waiters: [],
      booting: 0,
      failures: 0,
      kept: false,
      restingUntilMs: 0,
    };
    shelves.set(kind.key, shelf);
    return shelf;
  };

  const targetOf = ({ demand, kind }: Shelf): number => demand.target(expectedPerHour?.(kind));

  const discard = (sandbox: WarmSandbox): void => {
    const disposal = sandbox[Symbol.asyncDispose]()
      .catch((error: unknown) => log.warn("sandbox.dispose-failed", { error }))
      .finally(() => disposals.delete(disposal));
    disposals.add(disposal);
  };

  const accept = (shelf: Shelf, sandbox: WarmSandbox): void => {
    const waiter = shelf.waiters.shift();
    if (waiter !== undefined) return waiter.resolve({ sandbox, warm: false });
    if (stopped) return discard(sandbox);
    shelf.ready.push(sandbox);
    void sandbox.died.then(() => {
      const index = shelf.ready.indexOf(sandbox);
      if (index === -1) return;
      shelf.ready.splice(index, 1);
      log.warn("sandbox.died-waiting", { kind: shelf.kind.key });
      discard(sandbox);
      refillSoon();
    });
  };

  const boot = (shelf: Shelf): void => {
    shelf.booting += 1;
    const startMs = clock.monotonic();
    const work = provider
      .boot(shelf.kind.blueprint)
      .then(
        (sandbox) => {
          shelf.booting -= 1;
          shelf.failures = 0;
          shelf.demand.booted(clock.monotonic() - startMs);
          accept(shelf, sandbox);
        },
        (error: unknown) => {
          shelf.booting -= 1;
          shelf.failures += 1;
          const restMs = Math.min(LONGEST_REST_MS, FIRST_REST_MS * 2 ** (shelf.failures - 1));
          shelf.restingUntilMs = clock.monotonic() + restMs;
          log.warn("sandbox.boot-failed", { kind: shelf.kind.key, failures: shelf.failures, error });
          if (shelf.failures > 1) for (const waiter of shelf.waiters.splice(0)) waiter.reject(error);
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
    for (const shelf of shelves.values()) {
      while (shelf.waiters.length > shelf.booting && boots.size < parallelBoots * 2) boot(shelf);
    }
  };

  const neediest = (): Shelf | undefined => {
    const fillOf = (shelf: Shelf): number => (shelf.ready.length + shelf.booting) / targetOf(shelf);
    return [...shelves.values()]
      .filter((shelf) => shelf.kept && shelf.restingUntilMs <= clock.monotonic() && fillOf(shelf) < 1)
      .toSorted((a, b) => fillOf(a) - fillOf(b))[0];
  };

  const warmCount = (): number =>
    [...shelves.values()].reduce(
      (sum, shelf) => sum + shelf.ready.length + Math.max(0, shelf.booting - shelf.waiters.length),
      0,
    );

  const refill = (): void => {
    if (stopped) return;
    serveWaiters();
    while (boots.size < parallelBoots && warmCount() < maxWarm) {
      const shelf = neediest();
      if (shelf === undefined) return;
      boot(shelf);
    }
  };

  const refillSoon = (): void => {
    refillTimer ??= clock.after(REFILL_DELAY_MS, () => {
      refillTimer = undefined;
      refill();
    });
  };

  const shrink = (): void => {
    for (const shelf of shelves.values()) {
      const surplus = shelf.ready.length - Math.ceil(targetOf(shelf) * 1.25);
      for (const sandbox of shelf.ready.splice(0, Math.max(0, surplus))) discard(sandbox);
    }
    shrinkTimer = clock.after(SHRINK_EVERY_MS, shrink);
  };

  return {
    keep(kind) {
      if (stopped) return;
      shelfOf(kind).kept = true;
      shrinkTimer ??= clock.after(SHRINK_EVERY_MS, shrink);
      refill();
    },
    async claim(kind) {
      if (stopped) throw new Error("the warm pool has been stopped");
      const shelf = shelfOf(kind);
      shelf.demand.arrived();
      const sandbox = shelf.ready.shift();
      if (sandbox !== undefined) {
        refillSoon();
        return { sandbox, warm: true };
      }
      const waiter = Promise.withResolvers<Claim>();
      shelf.waiters.push(waiter);
      serveWaiters();
      return waiter.promise;
    },
    get size() {
      return [...shelves.values()].reduce((sum, shelf) => sum + shelf.ready.length, 0);
    },
    async [Symbol.asyncDispose]() {
      stopped = true;
      refillTimer?.cancel();
      shrinkTimer?.cancel();
      for (const shelf of shelves.values()) {
        for (const waiter of shelf.waiters.splice(0)) waiter.reject(new Error("the warm pool has been stopped"));
        for (const sandbox of shelf.ready.splice(0)) discard(sandbox);
      }
      await Promise.all(boots);
      await Promise.all(disposals);
    },
  };
};
