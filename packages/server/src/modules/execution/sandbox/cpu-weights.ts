/** Who comes first when processors are short: short runs before long ones, and owners evenly, however many runs each has. */

/** A run while it takes part. */
export interface CpuTurn {
  /** Total CPU time of the sandbox so far, as its meter tells. */
  spent(cpuMs: number): void;
  /** Idempotent. */
  leave(): void;
}

/** The runs of one server. */
export interface CpuWeights {
  /** `owner`: whose run it is; absent, it is an owner's only run. `set` is called whenever the run's weight changes; 1 is a waiting sandbox's. */
  enter(owner: string | undefined, set: (weight: number) => void): CpuTurn;
}

/** After so much CPU time a run is a long one: what prints "hello" has ended by then, what computes has only begun. */
export const shortRunMs = 1000;
/** Of short runs over long ones. The long ones of another owner leave them 16 parts of 17. */
export const shortRunWeight = 16;

type Run = { weight: number; readonly set: (weight: number) => void };

/** Weights are shares of one owner's: two runs of one owner have half of it each. */
export const createCpuWeights = (): CpuWeights => {
  const runsOf = new Map<string | symbol, Set<Run>>();
  const settle = (runs: ReadonlySet<Run>): void => {
    for (const { set, weight } of runs) set(weight / runs.size);
  };
  return {
    enter(owner, set) {
      const key = owner ?? Symbol("run");
      const runs = runsOf.get(key) ?? new Set<Run>();
      runsOf.set(key, runs);
      const run: Run = { weight: shortRunWeight, set };
      runs.add(run);
      settle(runs);
      let before: number | undefined;
      return {
        spent(cpuMs) {
          before ??= cpuMs;
          if (run.weight === 1 || cpuMs - before < shortRunMs || !runs.has(run)) return;
          run.weight = 1;
          settle(runs);
        },
        leave() {
          if (!runs.delete(run)) return;
          if (runs.size === 0) runsOf.delete(key);
          settle(runs);
        },
      };
    },
  };
};
