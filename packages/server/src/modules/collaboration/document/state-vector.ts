/** The structs that a series of updates contains, computed from the inspected ranges of each update, without a Y.Doc. */
import * as Y from "yjs";
import type { ClockRange } from "../updates/update-inspection.ts";

/** Number of ranges that may wait for earlier structs. */
const MAX_EARLY_RANGES = 1_000;

export type StateVector = {
  add(ranges: readonly ClockRange[]): void;
  /** True when every struct of the ranges is covered already. */
  covers(ranges: readonly ClockRange[]): boolean;
  /** True when the vector has at least the first struct of the range. */
  knows(range: ClockRange): boolean;
  /** True when the range arrived already and waits for earlier structs. */
  waits(range: ClockRange): boolean;
  has(client: number): boolean;
  /** Number of clients in the vector. */
  readonly size: number;
  encode(): Uint8Array;
};

/**
 * A range that starts after the next expected clock waits: it counts when the gap before it is closed, so the vector
 * never contains a struct that is missing.
 */
export const createStateVector = (encoded?: Uint8Array): StateVector => {
  const clocks = new Map<number, number>(encoded === undefined ? [] : Y.decodeStateVector(encoded));
  let early: ClockRange[] = [];

  const take = (range: ClockRange): boolean => {
    const next = clocks.get(range.client) ?? 0;
    if (range.from > next) return false;
    if (range.to > next) clocks.set(range.client, range.to);
    return true;
  };

  return {
    add(ranges) {
      const late = ranges.filter((range) => !take(range));
      if (early.length === 0 && late.length === 0) return;
      let waiting = [...early, ...late];
      for (;;) {
        const rest = waiting.filter((range) => !take(range));
        if (rest.length === waiting.length) break;
        waiting = rest;
      }
      // An evicted entry is only requested again.
      early = waiting.slice(-MAX_EARLY_RANGES);
    },
    covers: (ranges) => ranges.every((range) => range.to <= (clocks.get(range.client) ?? 0)),
    knows: (range) => range.from < (clocks.get(range.client) ?? 0),
    waits: ({ client, from, to }) => early.some((held) => held.client === client && held.from <= from && held.to >= to),
    has: (client) => clocks.has(client),
    get size() {
      return clocks.size;
    },
    encode: () => Y.encodeStateVector(clocks),
  };
};
