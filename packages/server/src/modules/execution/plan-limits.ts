/** What one run may use on each plan, and how a request's own limits are checked against that. */
import type { SandboxLimits } from "./run/ports.ts";
import type { Plan, StartExecution } from "@atelier/contracts";
import { floorBytes, type LanguageFloors } from "@atelier/contracts/language-declaration";
import { limitTooHigh } from "./errors.ts";

const MIB = 1_048_576;

/** What a plan allows: `run` is both the default and the maximum of what a request may ask for. */
export type PlanLimits = {
  readonly run: SandboxLimits;
  /** Executions of one user that run at once; more wait. */
  readonly concurrent: number;
  /** Executions of one user that wait at once; more are refused. */
  readonly waiting: number;
  /** The user's share of a busy server, relative to other users'. */
  readonly weight: number;
  /** Part of the server's queue that is there in addition, for these users only. */
  readonly queueReserve: number;
};

const outside = { outputBytes: 64 * MIB, diskBytes: 1024 * MIB, diskInodes: 65_536, processes: 128 };
// One processor for the whole time, and an allowance above it for up to two at once (platform/sandboxes/limits/cgroups.ts): a single busy
// thread meets the wall, several meet the CPU limit before it.
const free: SandboxLimits = { ...outside, wallMs: 30_000, cpuMs: 40_000, memoryBytes: 512 * MIB };
const paid: SandboxLimits = { ...outside, wallMs: 300_000, cpuMs: 600_000, memoryBytes: 2048 * MIB };

export const PLAN_LIMITS: Readonly<Record<Plan, PlanLimits>> = {
  free: { run: free, concurrent: 4, waiting: 64, weight: 1, queueReserve: 0 },
  premium: { run: paid, concurrent: 16, waiting: 128, weight: 2, queueReserve: 0.25 },
  enterprise: { run: paid, concurrent: 64, waiting: 256, weight: 4, queueReserve: 0.5 },
};

/** A sandbox is booted before its run is known, so its outer ceiling fits every plan. */
export const SANDBOX_CEILING = {
  memoryBytes: paid.memoryBytes,
  diskBytes: outside.diskBytes,
  diskInodes: outside.diskInodes,
} as const;

type AskedLimits = NonNullable<StartExecution["limits"]>;
const ASKABLE = ["wallMs", "cpuMs", "memoryBytes", "outputBytes"] as const;

export type LimitsRequest = {
  readonly plan: Plan;
  /** Lower than the plan's, where the request asks for less. */
  readonly asked: AskedLimits | undefined;
  /** The language's: with less nothing of it starts, so that a plan which has less gives as much. */
  readonly floors: LanguageFloors;
};

/**
 * The limits of one stage.
 * @throws Problem execution/limit-too-high for a number above the plan's or below the least, or one that is not whole.
 */
export const resolveLimits = ({ plan, asked = {}, floors }: LimitsRequest): SandboxLimits => {
  const { run } = PLAN_LIMITS[plan];
  const least = { wallMs: 1, cpuMs: 1, memoryBytes: floorBytes(floors), outputBytes: 1 } as const;
  const allowed = {
    ...run,
    memoryBytes: Math.max(run.memoryBytes, least.memoryBytes),
    processes: Math.max(run.processes, floors.processes),
  };
  const limits = { ...allowed };
  for (const name of ASKABLE) {
    const value = asked[name];
    if (value === undefined) continue;
    if (!Number.isSafeInteger(value) || value < least[name] || value > allowed[name]) {
      throw limitTooHigh(name, least[name], allowed[name]);
    }
    limits[name] = value;
  }
  return limits;
};
