/** The provider code of all tiers: resources on the host, the machine, the waiting sandbox, and their removal. */
import { mkdirSync } from "node:fs";
import type { Log } from "#kernel/log";
import type { IsolationTier, SandboxBlueprint, SandboxProvider, Sandbox } from "../ports.ts";
import type { CgroupLayout } from "../limits/cgroup-layout.ts";
import type { ToolMemory } from "../limits/cgroups.ts";
import type { FreeBytes } from "../disks/disk-promises.ts";
import type { TierMachine } from "./tier-machine.ts";
import { makeRuntimeFolder } from "./runtime-folder.ts";
import { createHostResources, type SandboxResources } from "./host-resources.ts";
import { attachToShim } from "./shim.ts";
import { createToolMachine, destroyTimeoutMs } from "./tool-machine.ts";
import { SandboxUnavailable } from "../sandbox-unavailable.ts";
import { adoptSandbox, openSandbox } from "./open-sandbox.ts";

/** Paths and collaborators on the host. */
export type ProviderOptions = {
  readonly initPath: string;
  /** The `languages` folder: warm-up programs are `<id>/warm-up.*` in it. */
  readonly warmUpFolder: string;
  /** A folder of this provider's own; another server must not share it. */
  readonly stateFolder: string;
  readonly log: Log;
  readonly bootTimeoutMs?: number;
  /** Free bytes of the disk of the state folder; replaced in tests. */
  readonly freeBytes?: FreeBytes;
  /** Looks for cgroups that sandboxes may be limited by; replaced in tests. */
  readonly findCgroups?: () => CgroupLayout | undefined;
};

/** The options with which a tier starts a machine. */
export type MachineOptions = {
  readonly blueprint: SandboxBlueprint;
  readonly resources: SandboxResources;
  /** The folder that every sandbox sees read-only at /.atelier. */
  readonly runtimeFolder: string;
  /** False: the last copy of this kind failed, and another would. */
  readonly mayBeCopy: boolean;
  /** Timeout of each step of the boot. */
  readonly bootTimeoutMs: number;
};

type Started = { readonly resources: SandboxResources; readonly machine: TierMachine };

const usualBootTimeoutMs = 20_000;

/** A provider of one tier. Creates its state folder, and does no other I/O. */
export const createSandboxProvider = (
  options: ProviderOptions & {
    readonly tier: IsolationTier;
    /** Bytes of memory that the tool may use beside the program. */
    readonly toolMemoryBytes: ToolMemory;
    /** Rejects, with nothing left running, when the tool does not start. */
    readonly start: (options: MachineOptions) => Promise<TierMachine>;
    /** Lets a sandbox run that was kept from using the CPU when its server process died. */
    readonly resume?: (resources: SandboxResources) => void;
    /** Removes the tier's other files on the host, after the sandboxes. */
    readonly clear?: () => void;
  },
): SandboxProvider => {
  const { tier, bootTimeoutMs = usualBootTimeoutMs } = options;
  mkdirSync(options.stateFolder, { recursive: true });
  const host = createHostResources(options);
  let runtimeFolder: string | undefined;
  /** Pending boots; each ends at its deadline at the latest. */
  const booting = new Set<Promise<unknown>>();
  let isClosed = false;

  const startMachine = async (blueprint: SandboxBlueprint, mayBeCopy: boolean): Promise<Started> => {
    runtimeFolder ??= makeRuntimeFolder({
      ...options,
      // With gVisor the cgroup accounts for all memory of the program.
      limitsEnforcement: tier === "gvisor" ? "cgroup" : host.limitsEnforcement,
    });
    const resources = await host.open(blueprint);
    try {
      const machine = await options.start({ blueprint, resources, runtimeFolder, mayBeCopy, bootTimeoutMs });
      return { resources, machine };
    } catch (error) {
      await resources.remove(destroyTimeoutMs);
      throw error;
    }
  };
  const ready = ({ resources, machine }: Started): Promise<Sandbox> =>
    openSandbox({
      id: resources.id,
      tier,
      limitsEnforcement: host.limitsEnforcement,
      blueprint: resources.blueprint,
      machine,
      bootTimeoutMs,
      left: (sandbox) => host.forget(sandbox),
    });

  const open = async (blueprint: SandboxBlueprint): Promise<Sandbox> => {
    const started = await startMachine(blueprint, true);
    try {
      return await ready(started);
    } catch (error) {
      if (!started.machine.isCopy) throw error;
      options.log.warn("execution.copy-failed", { tier, reason: String(error) });
      return ready(await startMachine(blueprint, false));
    }
  };

  return {
    tier,
    limitsEnforcement: host.limitsEnforcement,
    async boot(blueprint) {
      if (isClosed) throw new SandboxUnavailable("the server is stopping");
      const opening = open(blueprint);
      booting.add(opening);
      try {
        const sandbox = await opening;
        host.track(sandbox);
        return sandbox;
      } catch (error) {
        host.doubt();
        throw error;
      } finally {
        booting.delete(opening);
      }
    },
    async adopt(id, listener) {
      if (isClosed) throw new SandboxUnavailable("the server is stopping");
      const found = host.reopen(id);
      if (found === undefined) throw new SandboxUnavailable("there is no such sandbox, or it has ended");
      const { resources, record } = found;
      const launched = await attachToShim(resources.folder, record.shim);
      const { networkPid } = record;
      const machine = createToolMachine({ launched, resources, ...(networkPid === undefined ? {} : { networkPid }) });
      options.resume?.(resources);
      const adopted = adoptSandbox(machine, listener, { left: (sandbox) => host.forget(sandbox) });
      host.track(adopted.sandbox);
      return adopted.machine;
    },
    async removeOrphans() {
      const count = await host.removeOrphans();
      options.clear?.();
      return count;
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      // A pending boot creates folders, mounts and a cgroup, which would remain if they were removed before.
      await Promise.allSettled(booting);
      await host.close();
      options.clear?.();
    },
  };
};
