/** What every tier keeps on the host for its sandboxes: an id, a folder, a cgroup, a disk; and how to remove them. */
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Log } from "#kernel/log";
import type { IsolationTier, LimitsEnforcement, Sandbox, SandboxBlueprint } from "../ports.ts";
import { type CgroupLayout, findCgroupLayout } from "../limits/cgroup-layout.ts";
import { createSandboxCgroup, removeSandboxCgroups, type SandboxCgroup, type ToolMemory } from "../limits/cgroups.ts";
import { type CpuWeights, createCpuWeights } from "../limits/cpu-weights.ts";
import { createDiskPromises, type FreeBytes } from "../disks/disk-promises.ts";
import { killProcesses, processesNaming, waitUntil } from "./host-processes.ts";
import { unmountBelow } from "./left-mounts.ts";
import { createScratchDisks, imageBytes, type ScratchDisk } from "../disks/scratch-disk.ts";

/** One sandbox's belongings on the host. */
export type SandboxPlace = {
  readonly id: string;
  /** Holds the tool's own state; its path on a command line is how a later server finds what was left behind. */
  readonly folder: string;
  readonly cgroup: SandboxCgroup | undefined;
  /** The CPU weights of all runs of this server. */
  readonly cpuWeights: CpuWeights;
  /** The disk for /project and /tmp that its launch will mount; absent: the sandbox makes one in memory, which counts as such. */
  readonly disk: ScratchDisk | undefined;
  /** Bytes of memory that the tool may use beside the program. */
  readonly toolMemoryBytes: ToolMemory;
  remove(timeoutMs: number): Promise<void>;
};

/** The belongings of all of a provider's sandboxes. */
export interface SandboxHome {
  readonly limitsEnforcement: LimitsEnforcement;
  /** Rejects, with nothing left on the host, when there can be no place. */
  open(blueprint: SandboxBlueprint): Promise<SandboxPlace>;
  /** Called when a sandbox did not start: its disk is tested again before the next one uses it. */
  doubt(): void;
  /** Remembers a sandbox so that `close` can end it. */
  track(sandbox: Sandbox): Sandbox;
  removeOrphans(): Promise<number>;
  close(): Promise<void>;
}

/** How the tools call themselves, and the program that becomes one of them. */
const isolationTool = /^(?:bwrap|runsc|runsc-\w+|exe|init-\w+)$/u;

const layoutFile = "cgroups.json";

/** The sandboxes that an earlier server recorded; a file that a full disk or a crash cut short counts as none. */
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

/** Makes folders below `stateFolder`; looks for cgroups once. */
export const createSandboxHome = (options: {
  readonly stateFolder: string;
  readonly tier: IsolationTier;
  readonly toolMemoryBytes: ToolMemory;
  readonly initPath: string;
  readonly log: Log;
  readonly freeBytes?: FreeBytes | undefined;
  readonly findCgroups?: (() => CgroupLayout | undefined) | undefined;
}): SandboxHome => {
  const stateFolder = resolve(options.stateFolder);
  const sandboxes = join(stateFolder, "sandboxes");
  mkdirSync(sandboxes, { recursive: true });
  const cgroupParent = cgroupParentName(stateFolder);
  const layout = (options.findCgroups ?? findCgroupLayout)();
  const living = new Set<Sandbox>();
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
      // In a container there may be no loop devices: files are then kept in memory, and count as such.
      if (disksWork) options.log.warn("execution.disks-in-memory", { tier: options.tier, reason: String(error) });
      disksWork = false;
      return undefined;
    }
  };

  const rememberLayout = (): void => {
    // A later server may itself run in another cgroup, and would look for ours in the wrong place.
    if (layout === undefined) return;
    const path = join(stateFolder, layoutFile);
    writeFileSync(`${path}.new`, JSON.stringify(layout));
    renameSync(`${path}.new`, path);
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
        return { id, folder, cgroup, cpuWeights, disk, toolMemoryBytes: options.toolMemoryBytes, remove };
      } catch (error) {
        removeFolder();
        throw error;
      }
    },
    doubt: () => disks?.doubt(),
    track(sandbox) {
      living.add(sandbox);
      void sandbox.died.then(() => living.delete(sandbox));
      return sandbox;
    },
    async removeOrphans() {
      const names = readdirSync(sandboxes);
      // Tools that outlived their server name its state folder on their command line.
      const marker = stateFolder.endsWith("/") ? stateFolder : `${stateFolder}/`;
      await waitUntil(() => {
        const left = processesNaming(marker, isolationTool);
        killProcesses(left);
        return left.length === 0;
      }, 5000);
      const before = readLayout(join(stateFolder, layoutFile)) ?? layout;
      const cgroups = before === undefined ? 0 : await removeSandboxCgroups(before, cgroupParent);
      if (names.length > 0) unmountBelow(sandboxes);
      for (const name of names) rmSync(join(sandboxes, name), { recursive: true, force: true });
      rememberLayout();
      const count = Math.max(names.length, cgroups);
      if (count > 0) options.log.warn("execution.orphans-removed", { tier: options.tier, count });
      return count;
    },
    async close() {
      await Promise.all([...living].map((sandbox) => sandbox[Symbol.asyncDispose]()));
      living.clear();
      if (layout !== undefined) await removeSandboxCgroups(layout, cgroupParent);
    },
  };
};
