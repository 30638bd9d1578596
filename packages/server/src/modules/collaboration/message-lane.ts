/** One connection's messages in their order: while one of them needs time, or rights are looked up, the others wait. */

/** What an entry costs in memory beside its bytes. */
const ENTRY_BYTES = 256;

export class MessageLane {
  readonly #maxBytes: number;
  readonly #reserve: (bytes: number) => (() => void) | undefined;
  readonly #waiting: { readonly bytes: number; readonly release?: () => void; run(): void }[] = [];
  #waitingBytes = 0;
  #isHeld = false;
  #isBusy = false;

  /**
   * @param maxBytes limit on the messages that wait
   * @param reserve counts a waiting message in its sender's budget, over all connections; undefined when the budget is used up
   */
  constructor(maxBytes: number, reserve: (bytes: number) => (() => void) | undefined) {
    this.#maxBytes = maxBytes;
    this.#reserve = reserve;
  }

  /** Runs now or when it is its turn. @returns false when too much waits already */
  take(bytes: number, run: () => void): boolean {
    if (!this.#isHeld && !this.#isBusy) {
      run();
      return true;
    }
    const entryBytes = bytes + ENTRY_BYTES;
    if (this.#waitingBytes + entryBytes > this.#maxBytes) return false;
    const release = this.#reserve(entryBytes);
    if (release === undefined) return false;
    this.#waitingBytes += entryBytes;
    this.#waiting.push({ bytes: entryBytes, release, run });
    return true;
  }

  /** Runs at once, or as the first thing when the lane is released. */
  now(run: () => void): void {
    if (this.#isHeld) this.#waiting.unshift({ bytes: 0, run });
    else run();
  }

  /** Nothing runs until `release`. */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    this.#goOn();
  }

  /** What comes after this piece of work waits for it. It never rejects. */
  async busy(work: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    await work();
    this.#isBusy = false;
    this.#goOn();
  }

  /** Forgets what waits. */
  clear(): void {
    for (const entry of this.#waiting.splice(0)) entry.release?.();
    this.#waitingBytes = 0;
  }

  #goOn(): void {
    while (!this.#isHeld && !this.#isBusy) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#waitingBytes -= next.bytes;
      next.release?.();
      next.run();
    }
  }
}
