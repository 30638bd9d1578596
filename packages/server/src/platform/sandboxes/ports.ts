/**
 * The port for running programs that are not trusted: a machine that is booted, exchanges frames, is metered and destroyed. A
 * protocol of the module gives the frames their meaning (`run` in modules/execution).
 */
import type { Meter } from "./limits/meter.ts";
import type { Frame } from "./machine/frames.ts";

export type IsolationTier = "microvm" | "gvisor" | "namespaces";

/** `cgroup`: the kernel enforces memory and CPU; `polled`: the host reads usage every 50 ms because no cgroup is delegated. */
export type LimitsEnforcement = "cgroup" | "polled";

/** A folder of the host that the sandbox sees read-only at a path. */
export type SandboxTree = { readonly source: string; readonly target: string };

/** The root file system, read-only for the sandbox: layers, and trees in it. */
export type SandboxMounts = {
  /** Folders of the host, the lowest first: of a path that several have, the sandbox sees the last one's. At most 8. */
  readonly layers: readonly [string, ...string[]];
  /** At most 7. */
  readonly trees?: readonly SandboxTree[];
};

/**
 * `run`: the sandbox ends with the server process that booted it. Otherwise another server process may adopt it (`SandboxProvider.adopt`): it
 * lives for `graceMs` without one, and may use `unattendedCpuMs` meanwhile. This needs cgroups, because no server polls then.
 */
export type SandboxLifetime = "run" | { readonly graceMs: number; readonly unattendedCpuMs: number };

/** The description from which a sandbox is booted. */
export type SandboxBlueprint = {
  readonly mounts: SandboxMounts;
  /** `none`: a network stack with a loopback device. A network with an egress policy becomes a second member when something uses it. */
  readonly network: "none";
  readonly lifetime: SandboxLifetime;
  /** argv of the pre-started program, which reads its job from descriptor 3 and reports ready on descriptor 4; absent: no warm-up. */
  readonly warmUp?: readonly string[];
  /** The sandbox's outer memory ceiling; a protocol may set a lower limit. */
  readonly memoryBytes: number;
  readonly diskBytes: number;
  readonly diskInodes: number;
};

/** The events of a sandbox, for its protocol. Everything in a frame was produced inside. */
export type FrameListener = {
  /** May throw FrameFault, which becomes the reason of `lost`. */
  frame(frame: Frame): void;
  /** Called once, as the last call, when the channel has ended or the sandbox sent a malformed frame, which `reason` describes. */
  lost(reason: string | undefined): void;
};

/** A sandbox in use. */
export interface Machine {
  /** Sends frames as `encodeFrame` makes them. After the end nothing is sent. */
  send(frame: Uint8Array): void;
  /** Frames are not read until `resume`: a writer inside blocks. */
  pause(): void;
  resume(): void;
  readonly meter: Meter;
  /** Share of a processor that the sandbox may use while its program waits for input: more is work. */
  readonly idleShare: number;
  /** Ends all processes and removes all resources; idempotent. Rejects when a resource remains. */
  destroy(): Promise<void>;
  /** Leaves the sandbox to another server process until its deadline; this process gets no more of its frames. Throws for lifetime `run`. */
  detach(): void;
  /** What init or the isolation tool last wrote to its error stream, for an operator; at most 2 KiB. */
  complaint(): string;
}

/** A booted sandbox in which no user code has run; its warm-up program, if it has one, is ready. */
export interface Sandbox {
  /** The id with which another server process can adopt it. */
  readonly id: string;
  readonly tier: IsolationTier;
  readonly limitsEnforcement: LimitsEnforcement;
  readonly blueprint: SandboxBlueprint;
  /** Resolves if the sandbox dies while waiting, so that a pool can replace it. */
  readonly died: Promise<void>;
  /**
   * Uses the sandbox: it gets the CPU from now on, and its frames go to `listener`. A second call throws.
   * @param owner all sandboxes of one owner together get the same share of busy processors as another owner's; absent: an owner with this
   * sandbox only
   */
  take(listener: FrameListener, owner?: string): Machine;
  /** Resolves when all its resources on the host are removed; rejects when one cannot be removed. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** One isolation technology. Adapters pass the suite in ports.contract.ts. */
export interface SandboxProvider {
  readonly tier: IsolationTier;
  readonly limitsEnforcement: LimitsEnforcement;
  /** Boots a sandbox. Rejects with SandboxUnavailable when the host cannot. */
  boot(blueprint: SandboxBlueprint): Promise<Sandbox>;
  /**
   * Takes over a sandbox from another server process, which has detached or died. Frames that it had not processed are delivered first.
   * Rejects with SandboxUnavailable when the sandbox has ended, or its deadline has passed.
   */
  adopt(id: string, listener: FrameListener): Promise<Machine>;
  /**
   * Removes the processes, mounts, cgroups and folders of a killed server's sandboxes, but not of those that can be adopted until their
   * deadline. Returns the number of removed sandboxes.
   */
  removeOrphans(): Promise<number>;
  [Symbol.asyncDispose](): Promise<void>;
}
