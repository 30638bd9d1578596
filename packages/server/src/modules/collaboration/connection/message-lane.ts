/** One connection's messages in their order: while one of them needs time, the others wait. The credit of the channel bounds them. */

export class MessageLane {
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;

  /** Runs now or when it is its turn. */
  take(run: () => void): void {
    if (this.#isBusy) this.#waiting.push(run);
    else run();
  }

  /** What comes after this piece of work waits for it. It never rejects. */
  async busy(work: () => Promise<void>): Promise<void> {
    this.#isBusy = true;
    await work();
    this.#isBusy = false;
    while (!this.#isBusy) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      next();
    }
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
