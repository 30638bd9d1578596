/** Number of a connection's updates that are durable, counted from its first update up to the first one that is not. */

export class SavedCount {
  #received = 0;
  #highest = 0;
  #announced = 0;
  readonly #open = new Set<number>();

  /** Counts a received update. @returns its number, from 1 */
  receive(): number {
    this.#received += 1;
    this.#open.add(this.#received);
    return this.#received;
  }

  /** @param answersSync a sync answer holds all that its client ever made, so everything before it is durable with it. */
  durable(number: number, answersSync: boolean): void {
    this.#open.delete(number);
    if (answersSync) for (const earlier of this.#open) if (earlier < number) this.#open.delete(earlier);
    if (number > this.#highest) this.#highest = number;
  }

  /** The count to send; undefined when it has not changed since the last call. */
  takeNews(): number | undefined {
    let saved = this.#highest;
    // Numbers are added in ascending order, so the first that is open is the lowest.
    for (const lowest of this.#open) {
      saved = Math.min(saved, lowest - 1);
      break;
    }
    if (saved <= this.#announced) return undefined;
    this.#announced = saved;
    return saved;
  }
}
