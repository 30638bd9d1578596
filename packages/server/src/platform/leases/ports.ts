/** The leases port: timed ownership of a name, with a fence that grows each time the owner changes. */

export type Lease = {
  readonly name: string;
  /** Grows with every new holder of this name, also across restarts. */
  readonly fence: bigint;
  /** Aborted when the lease was lost or released. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
};

export interface Leases {
  /** Waits until the name is free (at most waitMs), then holds it until released or lost. @throws Error named LeaseTimeout. */
  acquire(name: string, options: { readonly waitMs: number }): Promise<Lease>;
}

/** Where fences come from: each one is greater than all before it, also across restarts and crashes. */
export interface FenceSource {
  next(): Promise<bigint>;
}
