/** When a document is checkpointed, snapshotted, compacted and dropped from memory. */
import type { Clock, Timer } from "#kernel/clock";
import type { Pending } from "#kernel/pending";

export type UpkeepTimes = {
  /** A checkpoint is written this long after the last edit … */
  readonly checkpointIdleMs: number;
  /** … multiplied by the document's size in this unit, rounded up … */
  readonly checkpointIdleBytes: number;
  /** … and at the latest this long after the first one. */
  readonly checkpointMaxMs: number;
  readonly snapshotMs: number;
  /** A document without connections is evicted from memory after this time. */
  readonly idleMs: number;
  /** Delay of a retry after a failure. */
  readonly retryMs: number;
};

export const UPKEEP_TIMES: UpkeepTimes = {
  checkpointIdleMs: 2_000,
  checkpointIdleBytes: 256 * 1024,
  checkpointMaxMs: 60_000,
  snapshotMs: 60_000,
  idleMs: 10_000,
  retryMs: 5_000,
};

export type UpkeepWork = {
  checkpoint(): Promise<void>;
  /** Merges file versions that the document missed. */
  catchUp(): Promise<void>;
  snapshot(): Promise<void>;
  compact(): Promise<void>;
  shrinkLog(): Promise<void>;
  /** Writes the document and drops it from memory. */
  retire(): Promise<void>;
};

export type EditedDocument = {
  readonly needsCompaction: boolean;
  readonly isLogLong: boolean;
  readonly bytes: number;
};

/** The timers of one document. Its work never overlaps with itself. */
export class Upkeep {
  readonly #clock: Clock;
  readonly #times: UpkeepTimes;
  readonly #work: UpkeepWork;
  readonly #onFault: (task: string, error: unknown) => void;
  readonly #pending: Pending;
  #firstEditMs: number | undefined;
  #lastEditMs = 0;
  #idleMs: number;
  #checkpointTimer: Timer | undefined;
  #snapshotTimer: Timer | undefined;
  #idleTimer: Timer | undefined;
  #behindTimer: Timer | undefined;
  #isCompacting = false;
  #isShrinking = false;
  #isStopped = false;

  constructor(options: {
    readonly clock: Clock;
    readonly times: UpkeepTimes;
    readonly work: UpkeepWork;
    readonly onFault: (task: string, error: unknown) => void;
    readonly pending: Pending;
  }) {
    this.#clock = options.clock;
    this.#times = options.times;
    this.#idleMs = options.times.checkpointIdleMs;
    this.#work = options.work;
    this.#onFault = options.onFault;
    this.#pending = options.pending;
  }

  /** @param document.bytes size of the document: large ones are checkpointed less often, because a checkpoint stores them whole */
  edited({ needsCompaction, isLogLong, bytes }: EditedDocument): void {
    if (this.#isStopped) return;
    this.#idleMs = this.#times.checkpointIdleMs * Math.max(1, bytes / this.#times.checkpointIdleBytes);
    this.#lastEditMs = this.#clock.monotonic();
    this.#firstEditMs ??= this.#lastEditMs;
    this.#checkpointTimer ??= this.#clock.after(this.#times.checkpointIdleMs, () => this.#checkpointDue());
    this.#snapshotTimer ??= this.#clock.after(this.#times.snapshotMs, () => this.#snapshotDue());
    this.#shrinkIfLong(isLogLong);
    if (needsCompaction && !this.#isCompacting) {
      this.#isCompacting = true;
      void this.#run("compact", () => this.#work.compact()).then(() => (this.#isCompacting = false));
    }
  }

  #shrinkIfLong(isLogLong: boolean): void {
    if (!isLogLong || this.#isShrinking) return;
    this.#isShrinking = true;
    void this.#run("shrink-log", () => this.#work.shrinkLog()).then(() => (this.#isShrinking = false));
  }

  /** Schedules a retry of merging a version from outside: without edits there is no checkpoint that would merge it. */
  behind(): void {
    if (this.#isStopped) return;
    this.#behindTimer ??= this.#clock.after(this.#times.retryMs, () => {
      this.#behindTimer = undefined;
      void this.#run("catch-up", () => this.#work.catchUp()).then((isDone) => {
        if (!isDone) this.behind();
      });
    });
  }

  acquired(): void {
    this.#idleTimer?.cancel();
    this.#idleTimer = undefined;
  }

  /** Called when the last connection has closed. */
  released(): void {
    if (this.#isStopped) return;
    this.#idleTimer ??= this.#clock.after(this.#times.idleMs, () => {
      this.#idleTimer = undefined;
      void this.#run("retire", () => this.#work.retire());
    });
  }

  stop(): void {
    this.#isStopped = true;
    for (const timer of [this.#checkpointTimer, this.#snapshotTimer, this.#idleTimer, this.#behindTimer])
      timer?.cancel();
  }

  /** One timer for many edits: when it fires it checks whether it is time, instead of being reset by every key. */
  #checkpointDue(): void {
    this.#checkpointTimer = undefined;
    const nowMs = this.#clock.monotonic();
    const dueMs = Math.min(this.#lastEditMs + this.#idleMs, (this.#firstEditMs ?? nowMs) + this.#times.checkpointMaxMs);
    if (nowMs < dueMs) {
      this.#checkpointTimer = this.#clock.after(dueMs - nowMs, () => this.#checkpointDue());
      return;
    }
    this.#firstEditMs = undefined;
    void this.#run("checkpoint", () => this.#work.checkpoint()).then((isDone) => {
      if (isDone || this.#isStopped) return;
      this.#checkpointTimer ??= this.#clock.after(this.#times.retryMs, () => this.#checkpointDue());
    });
  }

  #snapshotDue(): void {
    void this.#run("snapshot", () => this.#work.snapshot()).then((isDone) => {
      this.#snapshotTimer = undefined;
      if (!isDone && !this.#isStopped)
        this.#snapshotTimer = this.#clock.after(this.#times.snapshotMs, () => this.#snapshotDue());
    });
  }

  async #run(task: string, work: () => Promise<void>): Promise<boolean> {
    try {
      await this.#pending.track(work());
      return true;
    } catch (error) {
      if (!this.#isStopped) this.#onFault(task, error);
      return false;
    }
  }
}
