/** An engine runs programs: a provider with its warm pool. A stronger provider replaces it without ending running programs. */
import type { RunProvider } from "./run/ports.ts";
import type { Runner } from "./runner.ts";
import type { SandboxKind, WarmPool } from "./warm-pool.ts";

type Engine = {
  readonly provider: RunProvider;
  readonly pool: WarmPool;
  readonly runner: Runner;
  readonly active: Set<Promise<void>>;
};

export interface Engines {
  /** The engine of programs that start now; undefined before the first `use`. */
  readonly current: Pick<Engine, "provider" | "pool"> | undefined;
  /** Programs that start from now on run in it. The replaced pool is disposed when its last program has ended. */
  use(provider: RunProvider): void;
  /** Keeps sandboxes of this kind ready in this engine and later ones. */
  keep(kind: SandboxKind): void;
  /** Keeps none of this kind ready any more: its image was replaced. */
  drop(kind: SandboxKind): void;
  /** Runs a program in the engine that is current at the call. @throws Error before the first `use` */
  readonly run: Runner;
  /** Waits for running programs, then disposes all pools. */
  [Symbol.asyncDispose](): Promise<void>;
}

export const createEngines = (open: (provider: RunProvider) => Pick<Engine, "pool" | "runner">): Engines => {
  const kinds: SandboxKind[] = [];
  const leaving = new Set<Promise<void>>();
  let current: Engine | undefined;

  const leave = async ({ active, pool }: Engine): Promise<void> => {
    await Promise.allSettled(active);
    await pool[Symbol.asyncDispose]();
  };
  return {
    get current() {
      return current;
    },
    use(provider) {
      const before = current;
      current = { provider, ...open(provider), active: new Set() };
      for (const kind of kinds) current.pool.keep(kind);
      if (before === undefined) return;
      const left = leave(before).finally(() => leaving.delete(left));
      leaving.add(left);
    },
    keep(kind) {
      if (kinds.some(({ key }) => key === kind.key)) return;
      kinds.push(kind);
      current?.pool.keep(kind);
    },
    drop({ key }) {
      const index = kinds.findIndex((kind) => kind.key === key);
      const [dropped] = index === -1 ? [] : kinds.splice(index, 1);
      if (dropped !== undefined) current?.pool.drop(dropped);
    },
    async run(live, program) {
      if (current === undefined) throw new Error("there is no sandbox provider");
      const { active, runner } = current;
      const run = runner(live, program).finally(() => active.delete(run));
      active.add(run);
      await run;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...leaving, ...(current === undefined ? [] : [leave(current)])]);
    },
  };
};
