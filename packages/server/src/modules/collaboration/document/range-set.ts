/** A set of ranges of struct clocks by client, merged when they are added: finds deletions that were accepted before. */
import type { ClockRange } from "../updates/update-inspection.ts";

type Range = { from: number; to: number };

export class RangeSet {
  /** For each client ascending, without overlapping or adjacent ranges. */
  readonly #byClient = new Map<number, Range[]>();
  readonly #most: number;
  #count = 0;

  /** @param most number of ranges; adding one more empties the set first, so that it may lack ranges that were added */
  constructor(most: number) {
    this.#most = most;
  }

  add({ client, from, to }: ClockRange): void {
    if (this.#count >= this.#most) this.clear();
    const ranges = this.#byClient.get(client) ?? [];
    this.#byClient.set(client, ranges);
    const first = this.#firstEndingFrom(ranges, from);
    let last = first;
    let merged: Range = { from, to };
    for (let next = ranges[last]; next !== undefined && next.from <= to; next = ranges[last]) {
      merged = { from: Math.min(merged.from, next.from), to: Math.max(merged.to, next.to) };
      last += 1;
    }
    ranges.splice(first, last - first, merged);
    this.#count += 1 - (last - first);
  }

  has({ client, from, to }: ClockRange): boolean {
    const ranges = this.#byClient.get(client);
    if (ranges === undefined) return false;
    const found = ranges[this.#firstEndingFrom(ranges, from + 1)];
    return found !== undefined && found.from <= from && found.to >= to;
  }

  clear(): void {
    this.#byClient.clear();
    this.#count = 0;
  }

  /** Index of the first range that ends at `clock` or later. */
  #firstEndingFrom(ranges: readonly Range[], clock: number): number {
    let low = 0;
    for (let high = ranges.length; low < high;) {
      const mid = (low + high) >>> 1;
      if ((ranges[mid]?.to ?? 0) < clock) low = mid + 1;
      else high = mid;
    }
    return low;
  }
}
