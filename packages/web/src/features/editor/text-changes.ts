/** Edits of a text as data: pure translations between Monaco's change events, Yjs deltas and offsets. */

/**
 * Replaces `deleted` UTF-16 units at `offset` by `inserted`. A list of changes is one simultaneous edit: offsets count
 * in the text before all of them, ascending, without overlap.
 */
export interface TextChange {
  offset: number;
  deleted: number;
  inserted: string;
}

/** One piece of a Yjs text delta; anything embedded that is no string counts as one unit and is shown as U+FFFC. */
export interface DeltaPiece {
  retain?: number | undefined;
  delete?: number | undefined;
  insert?: unknown;
}

/** Collects steps over a text, from its beginning on, as the fewest changes. Steps of no length are left out. */
export function collectChanges() {
  const changes: TextChange[] = [];
  let offset = 0;
  let open: TextChange | undefined;
  const at = () => {
    if (!open) changes.push((open = { offset, deleted: 0, inserted: "" }));
    return open;
  };
  return {
    changes,
    keep: (count: number) => {
      if (count === 0) return;
      offset += count;
      open = undefined;
    },
    cut: (count: number) => {
      if (count === 0) return;
      at().deleted += count;
      offset += count;
    },
    put: (text: string) => {
      if (text !== "") at().inserted += text;
    },
  };
}

/** What a Yjs text event's delta does, as changes. */
export function changesFromDelta(delta: readonly DeltaPiece[]): TextChange[] {
  const { changes, keep, cut, put } = collectChanges();
  for (const { retain, delete: deleted, insert } of delta) {
    if (retain !== undefined) keep(retain);
    else if (deleted !== undefined) cut(deleted);
    else put(typeof insert === "string" ? insert : "\u{FFFC}");
  }
  return changes;
}

/** A Monaco change event's changes, which come last first, as an ascending list. */
export function changesFromModel(
  changes: readonly { rangeOffset: number; rangeLength: number; text: string }[],
): TextChange[] {
  return changes
    .map((change) => ({ offset: change.rangeOffset, deleted: change.rangeLength, inserted: change.text }))
    .toSorted((a, b) => a.offset - b.offset);
}

export function applyChanges(text: string, changes: readonly TextChange[]): string {
  let result = "";
  let from = 0;
  for (const { offset, deleted, inserted } of changes) {
    result += text.slice(from, offset) + inserted;
    from = offset + deleted;
  }
  return result + text.slice(from);
}

/**
 * Where an offset of the text before the changes is after them. Text inserted exactly there goes behind it with
 * `before` (a cursor stays with the character it follows) and in front of it with `after`.
 */
export function mapOffset(offset: number, changes: readonly TextChange[], side: "before" | "after"): number {
  let shift = 0;
  for (const change of changes) {
    if (change.offset > offset || (change.offset === offset && side === "before")) break;
    if (change.offset + change.deleted > offset) {
      return change.offset + shift + (side === "after" ? change.inserted.length : 0);
    }
    shift += change.inserted.length - change.deleted;
  }
  return offset + shift;
}

/** Moves changes made on some text so that they fit that text after `others` were applied to it. */
export function rebaseChanges(mine: readonly TextChange[], others: readonly TextChange[]): TextChange[] {
  return mine.map(({ offset, deleted, inserted }) => {
    const start = mapOffset(offset, others, "after");
    const end = deleted === 0 ? start : Math.max(start, mapOffset(offset + deleted, others, "before"));
    return { offset: start, deleted: end - start, inserted };
  });
}

export const isHighSurrogate = (unit: number): boolean => unit >= 0xd8_00 && unit <= 0xdb_ff;
export const isLowSurrogate = (unit: number): boolean => unit >= 0xdc_00 && unit <= 0xdf_ff;

/** Is the offset between the two halves of one character? */
export function splitsPair(text: string, offset: number): boolean {
  return (
    offset > 0 &&
    offset < text.length &&
    isHighSurrogate(text.charCodeAt(offset - 1)) &&
    isLowSurrogate(text.charCodeAt(offset))
  );
}

/**
 * Widens changes so that none begins or ends inside a surrogate pair of the text before or after: a shared document
 * replaces half a character by U+FFFD. `after` reads the text after all changes.
 */
export function widenOverPairs(changes: readonly TextChange[], after: (offset: number) => number): TextChange[] {
  let shift = 0;
  return changes.map((change) => {
    const start = change.offset + shift;
    const end = start + change.inserted.length;
    shift += change.inserted.length - change.deleted;
    const left = start > 0 ? after(start - 1) : 0;
    const right = after(end);
    const takesLeft = isHighSurrogate(left);
    const takesRight = isLowSurrogate(right);
    if (!takesLeft && !takesRight) return change;
    return {
      offset: change.offset - (takesLeft ? 1 : 0),
      deleted: change.deleted + (takesLeft ? 1 : 0) + (takesRight ? 1 : 0),
      inserted:
        (takesLeft ? String.fromCharCode(left) : "") + change.inserted + (takesRight ? String.fromCharCode(right) : ""),
    };
  });
}
