/** What a tier makes: a booted init behind two streams, a meter, and complete removal. */
import type { Readable, Writable } from "node:stream";
import type { Meter } from "../limits/meter.ts";

/** A sandbox as the code that the tiers share drives it. */
export interface TierMachine {
  /** Frames to init. */
  readonly input: Writable;
  /** Frames from init; ends when the sandbox dies. */
  readonly output: Readable;
  readonly meter: Meter;
  /** Share of a processor that the sandbox may use while its program waits for input: more is work. */
  readonly idleShare: number;
  /** It began as a copy of another one, whose randomness it has: it rehearses before it counts as ready. */
  readonly isCopy: boolean;
  /**
   * Called when it is ready, unused, and knows how to be a copy. `prepare` loads what is worth its time only in an
   * original. True: it was copied, and has to rehearse as well.
   */
  becomeOriginal(prepare: () => Promise<void>): Promise<boolean>;
  /** It waits for its use from now on: it may be kept from using the CPU until `wake`. */
  rest(): void;
  /** Called when the sandbox is used; `owner` as in Sandbox.take. */
  wake(owner?: string): void;
  /** Ends everything and removes every trace; idempotent. Rejects when something remained. */
  destroy(): Promise<void>;
  /** So many bytes of the output have been dealt with: another server process begins behind them. */
  acknowledge(bytes: number): void;
  /** Leaves the sandbox to another server process. Throws where it cannot outlive this one. */
  detach(): void;
  /** What init or the isolation tool last wrote to its error stream, for an operator; at most 2 KiB. */
  complaint(): string;
}
