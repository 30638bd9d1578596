/** The rendered rows of a long list: the visible ones, some around them, and those that must stay in the document. */

/** Rows drawn beyond each edge, so that a turn of the wheel shows no gap. */
const AROUND = 12;

export type RowWindow = {
  readonly count: number;
  /** How far the list is scrolled, the height of its view, and the height of each row; CSS pixels. */
  readonly scrollTop: number;
  readonly viewHeight: number;
  readonly rowHeight: number;
  /** Indexes of rows that are drawn wherever they are: one that has the focus would lose it. -1 is none. */
  readonly kept: readonly number[];
};

export type DrawnRow = {
  readonly index: number;
  /** Rows left out between the drawn row before it and this one. */
  readonly leftOut: number;
};

/** The drawn rows in order, and how many are left out after the last one. */
export const drawnRows = ({ count, scrollTop, viewHeight, rowHeight, kept }: RowWindow) => {
  const from = Math.max(0, Math.min(Math.floor(scrollTop / rowHeight), count) - AROUND);
  const to = Math.min(count, Math.ceil((scrollTop + viewHeight) / rowHeight) + AROUND);
  const indexes = new Set(kept.filter((index) => index >= 0 && index < count));
  for (let index = from; index < to; index += 1) indexes.add(index);
  const rows: DrawnRow[] = [];
  let next = 0;
  for (const index of [...indexes].toSorted((a, b) => a - b)) {
    rows.push({ index, leftOut: index - next });
    next = index + 1;
  }
  return { rows, leftOutAfter: count - next };
};
