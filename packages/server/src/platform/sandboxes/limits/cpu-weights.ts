/** CPU weights of runs on busy processors: short runs get more than long ones, and each owner gets the same share for any number of runs. */

/** A run between `enter` and `leave`. */
export interface CpuTurn {
  /** Total CPU time of the sandbox until now, as measured by its meter. */
  spent(cpuMs: number): void;
  /** Idempotent. */
  leave(): void;
}

/** The runs of one server. */
export interface CpuWeights {
  /**
   * `owner`: whose run it is; absent: an owner with this run only. `set` is called whenever the run's weight changes; a waiting sandbox has
   * weight 1.
   */
  enter(owner: string | undefined, set: (weight: number) => void): CpuTurn;
}

/**
 * A run that used more CPU time than this is long: "hello" programs end earlier, computations have only begun. Until then another user's
 * short run shares the processors with it.
 */
export const shortRunMs = 250;
/** Weight of short runs relative to long ones: the long runs of another owner leave them 16 of 17 parts. */
export const shortRunWeight = 16;

type Run = { weight: number; readonly set: (weight: number) => void };

/** Weights are shares of an owner's weight: two runs of one owner get half of it each. */
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
