/** The host's meter of a running sandbox, by cgroup or by polling. */

/** Totals since the sandbox began. */
export type Measurement = {
  readonly cpuMs: number;
  readonly memoryPeakBytes: number;
  /** The kernel killed a process because of the memory limit, or the host measured usage above it. */
  readonly memoryExceeded: boolean;
};

/** The sandbox already uses more memory than the limit to be set, and cannot free it. */
export class MemoryInUse extends Error {
  override readonly name = "MemoryInUse";
}

/** One sandbox's meter. */
export interface Meter {
  /** Milliseconds between two measurements while a program runs. */
  readonly intervalMs: number;
  /**
   * Sets the program's memory limit from now on, resets the peak, and limits the CPU to two processors at once. Throws MemoryInUse.
   */
  begin(memoryBytes: number): void;
  measure(): Measurement;
}
