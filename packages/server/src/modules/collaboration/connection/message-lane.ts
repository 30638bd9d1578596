/** Processes one connection's messages in order: while one is processed asynchronously, the others wait. The credit of the channel limits them. */

export class MessageLane {
  readonly #waiting: (() => void)[] = [];
  #isBusy = false;

  /** Calls `run` at once, or when the messages before it are processed. */
  take(run: () => void): void {
    if (this.#isBusy) this.#waiting.push(run);
    else run();
  }

  /** Later messages wait until this work has ended. `work` must not reject. */
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

  /** Drops all waiting messages. */
  clear(): void {
    this.#waiting.length = 0;
  }
}
