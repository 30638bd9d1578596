/** The shortest way from one sequence of numbers to another (Myers, O(ND), linear space), with a deadline. */

/** Positions count elements; `removed` elements at `at` of the old sequence become new[insertFrom, insertTo). */
export type SequenceChange = {
  readonly at: number;
  readonly removed: number;
  readonly insertFrom: number;
  readonly insertTo: number;
};

export type Elements = { readonly length: number; readonly [index: number]: number };

type Box = { oldFrom: number; oldTo: number; newFrom: number; newTo: number };

/** A point on a shortest path through the box, found from both ends at once; undefined: no shared element or out of time. */
const middle = (a: Elements, b: Elements, box: Box, outOfTime: () => boolean): { x: number; y: number } | undefined => {
  const width = box.oldTo - box.oldFrom;
  const height = box.newTo - box.newFrom;
  const half = Math.ceil((width + height) / 2);
  const delta = width - height;
  const odd = delta % 2 !== 0;
  const size = 2 * half + 2;
  const forward = new Int32Array(size).fill(-1);
  const backward = new Int32Array(size).fill(-1);
  forward[half + 1] = 0;
  backward[half + 1] = 0;
  const reach = (rows: Int32Array, k: number): number => rows[half + k] ?? -1;

  for (let d = 0; d < half; d += 1) {
    if (outOfTime()) return undefined;
    for (let k = -d; k <= d; k += 2) {
      let x =
        k === -d || (k !== d && reach(forward, k - 1) < reach(forward, k + 1))
          ? reach(forward, k + 1)
          : reach(forward, k - 1) + 1;
      let y = x - k;
      if (x > width || y > height || y < 0) continue;
      while (x < width && y < height && a[box.oldFrom + x] === b[box.newFrom + y]) {
        x += 1;
        y += 1;
      }
      forward[half + k] = x;
      const mirrored = delta - k;
      if (
        odd &&
        mirrored > -d &&
        mirrored < d &&
        reach(backward, mirrored) >= 0 &&
        x + reach(backward, mirrored) >= width
      )
        return { x: box.oldFrom + x, y: box.newFrom + y };
    }
    for (let k = -d; k <= d; k += 2) {
      let x =
        k === -d || (k !== d && reach(backward, k - 1) < reach(backward, k + 1))
          ? reach(backward, k + 1)
          : reach(backward, k - 1) + 1;
      let y = x - k;
      if (x > width || y > height || y < 0) continue;
      while (x < width && y < height && a[box.oldTo - x - 1] === b[box.newTo - y - 1]) {
        x += 1;
        y += 1;
      }
      backward[half + k] = x;
      const mirrored = delta - k;
      if (
        !odd &&
        mirrored >= -d &&
        mirrored <= d &&
        reach(forward, mirrored) >= 0 &&
        x + reach(forward, mirrored) >= width
      )
        return { x: box.oldTo - x, y: box.newTo - y };
    }
  }
  return undefined;
};

/**
 * Changes in ascending order of position; applied together they turn `a` into `b`.
 * @param outOfTime called regularly; once true, the elements that are not compared yet are replaced as a whole.
 */
export const diffSequences = (a: Elements, b: Elements, outOfTime: () => boolean): SequenceChange[] => {
  const changes: { at: number; removed: number; insertFrom: number; insertTo: number }[] = [];
  const emit = (box: Box): void => {
    const last = changes.at(-1);
    if (last !== undefined && last.at + last.removed === box.oldFrom && last.insertTo === box.newFrom) {
      last.removed += box.oldTo - box.oldFrom;
      last.insertTo = box.newTo;
    } else
      changes.push({ at: box.oldFrom, removed: box.oldTo - box.oldFrom, insertFrom: box.newFrom, insertTo: box.newTo });
  };
  // A stack instead of recursion, because the input determines the depth.
  const waiting: Box[] = [{ oldFrom: 0, oldTo: a.length, newFrom: 0, newTo: b.length }];
  for (let box = waiting.pop(); box !== undefined; box = waiting.pop()) {
    const trimmed = { ...box };
    while (
      trimmed.oldFrom < trimmed.oldTo &&
      trimmed.newFrom < trimmed.newTo &&
      a[trimmed.oldFrom] === b[trimmed.newFrom]
    ) {
      trimmed.oldFrom += 1;
      trimmed.newFrom += 1;
    }
    while (
      trimmed.oldFrom < trimmed.oldTo &&
      trimmed.newFrom < trimmed.newTo &&
      a[trimmed.oldTo - 1] === b[trimmed.newTo - 1]
    ) {
      trimmed.oldTo -= 1;
      trimmed.newTo -= 1;
    }
    if (trimmed.oldFrom === trimmed.oldTo && trimmed.newFrom === trimmed.newTo) continue;
    if (trimmed.oldFrom === trimmed.oldTo || trimmed.newFrom === trimmed.newTo) {
      emit(trimmed);
      continue;
    }
    const split = middle(a, b, trimmed, outOfTime);
    const isCorner =
      split !== undefined &&
      ((split.x === trimmed.oldFrom && split.y === trimmed.newFrom) ||
        (split.x === trimmed.oldTo && split.y === trimmed.newTo));
    if (split === undefined || isCorner) {
      emit(trimmed);
      continue;
    }
    waiting.push({ oldFrom: split.x, oldTo: trimmed.oldTo, newFrom: split.y, newTo: trimmed.newTo });
    waiting.push({ oldFrom: trimmed.oldFrom, oldTo: split.x, newFrom: trimmed.newFrom, newTo: split.y });
  }
  return changes;
};
