/** The host's resources of a sandbox in every tier: an id, a folder, a cgroup, a disk; and their removal. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Log } from "#kernel/log";
import type { IsolationTier, LimitsEnforcement, SandboxBlueprint } from "../ports.ts";
import { type CgroupLayout, findCgroupLayout } from "../limits/cgroup-layout.ts";
import {
  createSandboxCgroup,
  openSandboxCgroup,
  removeSandboxCgroups,
  type SandboxCgroup,
  type ToolMemory,
} from "../limits/cgroups.ts";
import { type CpuWeights, createCpuWeights } from "../limits/cpu-weights.ts";
import { createDiskPromises, type FreeBytes } from "../disks/disk-promises.ts";
import { type AdoptionRecord, readAdoption } from "./adoption-record.ts";
import { familyOf, killProcesses, processesNaming, waitUntil } from "./host-processes.ts";
import { unmountBelow } from "./left-mounts.ts";
import { createScratchDisks, imageBytes, type ScratchDisk } from "../disks/scratch-disk.ts";

/** The host's resources of one sandbox. */
export type SandboxResources = {
  readonly id: string;
  readonly blueprint: SandboxBlueprint;
  /** The tool's own state; a later server finds orphaned processes by this path on their command lines. */
  readonly folder: string;
  readonly cgroup: SandboxCgroup | undefined;
  /** The CPU weights of all runs of this server. */
  readonly cpuWeights: CpuWeights;
  /** The disk for /project and /tmp that its launch will mount; absent: the files are in memory, and charged as memory. */
  readonly disk: ScratchDisk | undefined;
  /** Bytes of memory that the tool may use beside the program. */
  readonly toolMemoryBytes: ToolMemory;
  remove(timeoutMs: number): Promise<void>;
};

/** A sandbox that ends with the provider. */
export type Tracked = AsyncDisposable & { readonly died: Promise<void> };

/** The resources of all sandboxes of a provider. */
export interface HostResources {
  readonly limitsEnforcement: LimitsEnforcement;
  /** Rejects, after removing everything, when the host cannot provide them. */
  open(blueprint: SandboxBlueprint): Promise<SandboxResources>;
  /** The resources of a sandbox that another server process left; undefined when there is none, or it has ended. */
  reopen(id: string): { readonly resources: SandboxResources; readonly record: AdoptionRecord } | undefined;
  /** Called when a sandbox did not start: its disk is tested again before the next one uses it. */
  doubt(): void;
  /** Remembers a sandbox so that `close` can end it, until it has died or is forgotten. */
  track(sandbox: Tracked): void;
  forget(sandbox: Tracked): void;
  removeOrphans(): Promise<number>;
  close(): Promise<void>;
}

/** The process names of the tools, and of the program that executes them. */
const isolationTool = /^(?:bwrap|runsc|runsc-\w+|exe|init-\w+)$/u;

const layoutFile = "cgroups.json";

/** Delay of the removal after the deadline of a sandbox that was not adopted. */
const SWEEP_MARGIN_MS = 1000;
const SWEEP_TIMEOUT_MS = 5000;

/** The layout that an earlier server recorded; a file that is incomplete because of a full disk or a crash counts as none. */
const readLayout = (path: string): CgroupLayout | undefined => {
  if (!existsSync(path)) return undefined;
  try {
    const { version, memory, cpu, cpuacct, pids } = JSON.parse(readFileSync(path, "utf8")) as Partial<CgroupLayout>;
    if (version === undefined || memory === undefined || cpu === undefined || cpuacct === undefined) return undefined;
    return { version, memory, cpu, cpuacct, pids };
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
    throw error;
  }
};

/** The folder below which a state folder's sandboxes have their cgroups. */
export const cgroupParentName = (stateFolder: string): string =>
  `atelier-${createHash("sha256").update(resolve(stateFolder)).digest("hex").slice(0, 12)}`;

/** Creates folders below `stateFolder`; detects cgroups once. */
export const createHostResources = (options: {
  readonly stateFolder: string;
  readonly tier: IsolationTier;
  readonly toolMemoryBytes: ToolMemory;
  readonly initPath: string;
  readonly log: Log;
  readonly freeBytes?: FreeBytes | undefined;
  readonly findCgroups?: (() => CgroupLayout | undefined) | undefined;
}): HostResources => {
  const stateFolder = resolve(options.stateFolder);
  const sandboxes = join(stateFolder, "sandboxes");
  mkdirSync(sandboxes, { recursive: true });
  const cgroupParent = cgroupParentName(stateFolder);
  const layout = (options.findCgroups ?? findCgroupLayout)();
  const living = new Set<Tracked>();
  const cpuWeights = createCpuWeights();

  const disks =
    process.geteuid?.() === 0
      ? createScratchDisks({
          templateFolder: stateFolder,
          initPath: options.initPath,
          withFolders: options.tier === "gvisor",
        })
      : undefined;
  let disksWork = disks !== undefined;

  const promises = createDiskPromises({ folder: stateFolder, log: options.log, freeBytes: options.freeBytes });

  const planDisk = async (id: string, blueprint: SandboxBlueprint): Promise<ScratchDisk | undefined> => {
    if (disks === undefined || !disksWork) return undefined;
    const size = { bytes: blueprint.diskBytes, inodes: blueprint.diskInodes };
    try {
      return (await promises.give(id, imageBytes(size))) ? await disks.plan(join(sandboxes, id), size) : undefined;
    } catch (error) {
      promises.release(id);
      // In a container there may be no loop devices: files are then kept in memory, and charged as memory.
      if (disksWork) options.log.warn("execution.disks-in-memory", { tier: options.tier, reason: String(error) });
      disksWork = false;
      return undefined;
    }
  };

  const rememberLayout = (): void => {
    // A later server may run in another cgroup, and would otherwise not find the cgroups of these sandboxes.
    if (layout === undefined) return;
    const path = join(stateFolder, layoutFile);
    writeFileSync(`${path}.new`, JSON.stringify(layout));
    renameSync(`${path}.new`, path);
  };

  /** Sandboxes whose deadline has not passed; also those that this server process uses. */
  const adoptable = (): { readonly id: string; readonly record: AdoptionRecord }[] =>
    (existsSync(sandboxes) ? readdirSync(sandboxes) : []).flatMap((id) => {
      const record = readAdoption(join(sandboxes, id));
      return record === undefined ? [] : [{ id, record }];
    });
  const graceOf = ({ blueprint }: AdoptionRecord): number =>
    blueprint.lifetime === "run" ? 0 : blueprint.lifetime.graceMs;

  let sweepTimer: NodeJS.Timeout | undefined;
  /** Shims end by themselves at their deadline; then the resources of their sandboxes are removed. */
  const sweepLater = (left: ReturnType<typeof adoptable>): void => {
    clearTimeout(sweepTimer);
    if (left.length === 0) return;
    const afterMs = Math.max(...left.map(({ record }) => graceOf(record))) + SWEEP_MARGIN_MS;
    sweepTimer = setTimeout(() => {
      sweepEnded(left).catch((error: unknown) => options.log.error("sandbox.orphans-remain", { error }));
    }, afterMs).unref();
  };
  const sweepEnded = async (left: ReturnType<typeof adoptable>): Promise<void> => {
    const made = readLayout(join(stateFolder, layoutFile)) ?? layout;
    const alive = left.filter(({ id }) => readAdoption(join(sandboxes, id)) !== undefined);
    sweepLater(alive);
    for (const { id } of left.filter((one) => !alive.includes(one) && existsSync(join(sandboxes, one.id)))) {
      if (made !== undefined)
        await openSandboxCgroup(made, { parent: cgroupParent, id }, options.toolMemoryBytes).remove(SWEEP_TIMEOUT_MS);
      rmSync(join(sandboxes, id), { recursive: true, force: true });
      options.log.warn("sandbox.not-adopted", { tier: options.tier, sandbox: id });
    }
  };

  return {
    limitsEnforcement: layout === undefined ? "polled" : "cgroup",
    async open(blueprint) {
      const id = randomBytes(8).toString("hex");
      const folder = join(sandboxes, id);
      mkdirSync(folder, { mode: 0o700 });
      if (!existsSync(join(stateFolder, layoutFile))) rememberLayout();
      const removeFolder = (): void => {
        rmSync(folder, { recursive: true, force: true });
        promises.release(id);
      };
      const disk = await planDisk(id, blueprint);
      try {
        const cgroup =
          layout === undefined
            ? undefined
            : createSandboxCgroup(layout, { parent: cgroupParent, id }, options.toolMemoryBytes);
        const remove = async (timeoutMs: number): Promise<void> => {
          await cgroup?.remove(timeoutMs);
          removeFolder();
        };
        return { id, blueprint, folder, cgroup, cpuWeights, disk, toolMemoryBytes: options.toolMemoryBytes, remove };
      } catch (error) {
        removeFolder();
        throw error;
      }
    },
    doubt: () => disks?.doubt(),
    reopen(id) {
      if (!/^[0-9a-f]{16}$/u.test(id)) return undefined;
      const folder = join(sandboxes, id);
      const record = readAdoption(folder);
      const made = readLayout(join(stateFolder, layoutFile)) ?? layout;
      if (record === undefined || made === undefined) return undefined;
      const { blueprint } = record;
      const cgroup = openSandboxCgroup(made, { parent: cgroupParent, id }, options.toolMemoryBytes);
      if (record.hasDisk) {
        promises.keep(id, imageBytes({ bytes: blueprint.diskBytes, inodes: blueprint.diskInodes }));
      }
      const remove = async (timeoutMs: number): Promise<void> => {
        await cgroup.remove(timeoutMs);
        rmSync(folder, { recursive: true, force: true });
        promises.release(id);
      };
      const resources = { id, blueprint, folder, cgroup, cpuWeights, disk: undefined, remove };
      return { resources: { ...resources, toolMemoryBytes: options.toolMemoryBytes }, record };
    },
    track(sandbox) {
      living.add(sandbox);
      void sandbox.died.then(() => living.delete(sandbox));
    },
    forget: (sandbox) => void living.delete(sandbox),
    async removeOrphans() {
      const kept = adoptable();
      const keptNames = new Set(kept.map(({ id }) => id));
      const names = readdirSync(sandboxes).filter((name) => !keptNames.has(name));
      // Tools that outlived their server name its state folder on their command line.
      const marker = stateFolder.endsWith("/") ? stateFolder : `${stateFolder}/`;
      await waitUntil(() => {
        const spared = new Set(kept.flatMap(({ record }) => familyOf(record.shim.pid).map(({ pid }) => pid)));
        const left = processesNaming(marker, isolationTool).filter((pid) => !spared.has(pid));
        killProcesses(left);
        return left.length === 0;
      }, 5000);
      const before = readLayout(join(stateFolder, layoutFile)) ?? layout;
      const cgroups = before === undefined ? 0 : await removeSandboxCgroups(before, cgroupParent, keptNames);
      if (names.length > 0) unmountBelow(sandboxes);
      for (const name of names) rmSync(join(sandboxes, name), { recursive: true, force: true });
      // What is kept is where the earlier server recorded it.
      if (kept.length === 0) rememberLayout();
      sweepLater(kept);
      const count = Math.max(names.length, cgroups);
      if (count > 0) options.log.warn("execution.orphans-removed", { tier: options.tier, count });
      return count;
    },
    async close() {
      clearTimeout(sweepTimer);
      await Promise.all([...living].map((sandbox) => sandbox[Symbol.asyncDispose]()));
      living.clear();
      const kept = new Set(adoptable().map(({ id }) => id));
      if (layout !== undefined) await removeSandboxCgroups(layout, cgroupParent, kept);
    },
  };
};
