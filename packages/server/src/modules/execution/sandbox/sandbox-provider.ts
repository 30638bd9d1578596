/** What the tiers have in common: a place on the host, a machine started in it, a sandbox that waits, and their end. */
import { mkdirSync } from "node:fs";
import type { Log } from "#kernel/log";
import type { IsolationTier, SandboxBlueprint, SandboxProvider } from "../ports.ts";
import type { Machine } from "./machine.ts";
import { makeRuntimeFolder } from "./runtime-folder.ts";
import { createSandboxHome, type SandboxPlace } from "./sandbox-home.ts";
import { destroyTimeoutMs } from "./tool-machine.ts";
import { openWarmSandbox } from "./warm-sandbox.ts";

/** Where things are on the host. */
export type ProviderOptions = {
  readonly initPath: string;
  /** The `languages` folder: warm-up programs are `<id>/warm-up.*` in it. */
  readonly warmUpFolder: string;
  /** A folder of this provider's own; another server must not share it. */
  readonly stateFolder: string;
  readonly log: Log;
  readonly bootTimeoutMs?: number;
};

/** What a tier starts a machine from. */
export type MachineOptions = {
  readonly blueprint: SandboxBlueprint;
  readonly place: SandboxPlace;
  /** What every sandbox sees read-only at /.atelier. */
  readonly runtimeFolder: string;
};

const usualBootTimeoutMs = 20_000;

/** A provider of one tier. Does no I/O but to make its state folder. */
export const createSandboxProvider = (
  options: ProviderOptions & {
    readonly tier: IsolationTier;
    /** Rejects, with nothing left running, when the tool does not start. */
    readonly start: (options: MachineOptions) => Promise<Machine>;
  },
): SandboxProvider => {
  const { tier } = options;
  mkdirSync(options.stateFolder, { recursive: true });
  const home = createSandboxHome(options);
  let runtimeFolder: string | undefined;

  const startMachine = async (blueprint: SandboxBlueprint): Promise<Machine> => {
    runtimeFolder ??= makeRuntimeFolder(options);
    const place = await home.open(blueprint);
    try {
      return await options.start({ blueprint, place, runtimeFolder });
    } catch (error) {
      await place.remove(destroyTimeoutMs);
      throw error;
    }
  };

  return {
    tier,
    limitsEnforcement: home.limitsEnforcement,
    async boot(blueprint) {
      const sandbox = await openWarmSandbox({
        tier,
        limitsEnforcement: home.limitsEnforcement,
        blueprint,
        machine: await startMachine(blueprint),
        bootTimeoutMs: options.bootTimeoutMs ?? usualBootTimeoutMs,
      });
      return home.track(sandbox);
    },
    removeOrphans: () => home.removeOrphans(),
    [Symbol.asyncDispose]: () => home.close(),
  };
};
