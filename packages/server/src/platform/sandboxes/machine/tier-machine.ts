/** The machine of a tier: a booted init behind two streams, a meter, and complete removal. */
import type { Readable, Writable } from "node:stream";
import type { Meter } from "../limits/meter.ts";

/** A sandbox for the code that the tiers share. */
export interface TierMachine {
  /** Frames to init. */
  readonly input: Writable;
  /** Frames from init; ends when the sandbox dies. */
  readonly output: Readable;
  readonly meter: Meter;
  /** Share of a processor that the sandbox may use while its program waits for input: more is work. */
  readonly idleShare: number;
  /** It is a copy with the random state of its original: it has to rehearse before it is ready. */
  readonly isCopy: boolean;
  /**
   * Called when it is ready, unused, and supports copies. `prepare` preloads the modules of an original. True: it was saved, and has to
   * rehearse as well.
   */
  becomeOriginal(prepare: () => Promise<void>): Promise<boolean>;
  /** It waits from now on: it may be stopped until `wake`. */
  rest(): void;
  /** Called when the sandbox is used; `owner` as in Sandbox.take. */
  wake(owner?: string): void;
  /** Ends all processes and removes all resources; idempotent. Rejects when a resource remains. */
  destroy(): Promise<void>;
  /** Called with the number of processed output bytes: another server process continues after them. */
  acknowledge(bytes: number): void;
  /** Leaves the sandbox to another server process. Throws if it cannot outlive this one. */
  detach(): void;
  /** What init or the isolation tool last wrote to its error stream, for an operator; at most 2 KiB. */
  complaint(): string;
}
