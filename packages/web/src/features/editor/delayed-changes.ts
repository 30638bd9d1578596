/** The difference between a model and its shared text while a composition delays others' edits of some lines. */
import { composeChanges, crossChanges } from "./compose-changes.ts";
import { type TextChange, applyChanges, mapOffset } from "./text-changes.ts";

/** The lines that nobody else may change now: the offsets of their first character and after their last. */
export interface FrozenLines {
  start: number;
  end: number;
}

/** Maps offsets between a model's text and the shared text; the same numbers while nothing is delayed. */
export interface OffsetMapping {
  toShared(modelOffset: number): number;
  toModel(sharedOffset: number): number;
}

export interface DelayedChanges extends OffsetMapping {
  /** Whether any change is delayed. If not, both texts are equal. */
  readonly some: boolean;
  /** How much longer the shared text is than the model's. */
  readonly growth: number;
  /** Called when the shared text changed: its changes are delayed until `release`. */
  add(changes: readonly TextChange[]): void;
  /** Called when the model changed. @returns the same edit of the shared text */
  cross(changes: readonly TextChange[]): readonly TextChange[];
  /** Releases the changes that touch none of the lines, as one edit of the model. */
  release(frozen: readonly FrozenLines[]): readonly TextChange[];
  /** Replaces the delayed changes. */
  reset(changes: readonly TextChange[]): void;
  /** The shared text for a model's text. */
  appliedTo(modelText: string): string;
}

export function createDelayedChanges(): DelayedChanges {
  /** The delayed changes of the model's text; applying them gives the shared text. */
  let delayed: readonly TextChange[] = [];
  return {
    get some() {
      return delayed.length > 0;
    },
    get growth() {
      return delayed.reduce((sum, { inserted, deleted }) => sum + inserted.length - deleted, 0);
    },
    add: (changes) => {
      delayed = delayed.length === 0 ? changes : composeChanges(delayed, changes);
    },
    cross: (changes) => {
      if (delayed.length === 0) return changes;
      const { mine, theirs } = crossChanges(changes, delayed);
      delayed = theirs;
      return mine;
    },
    release: (frozen) => {
      const released: TextChange[] = [];
      const kept: TextChange[] = [];
      let shift = 0;
      for (const change of delayed) {
        if (frozen.some((lines) => touches(change, lines))) {
          kept.push({ ...change, offset: change.offset + shift });
          continue;
        }
        released.push(change);
        shift += change.inserted.length - change.deleted;
      }
      delayed = kept;
      return released;
    },
    reset: (changes) => {
      delayed = changes;
    },
    appliedTo: (modelText) => applyChanges(modelText, delayed),
    toShared: (offset) => mapOffset(offset, delayed, "before"),
    toModel: (offset) => mapBack(offset, delayed),
  };
}

/** Whether the change alters one of the lines, or joins one with its neighbour. */
function touches({ offset, deleted }: TextChange, { start, end }: FrozenLines): boolean {
  return deleted === 0 ? offset >= start && offset <= end : offset <= end && offset + deleted >= start;
}

/** Maps an offset of the text after the changes to the text before them. */
function mapBack(after: number, changes: readonly TextChange[]): number {
  let shift = 0;
  for (const { offset, deleted, inserted } of changes) {
    if (offset + shift >= after) break;
    if (offset + shift + inserted.length >= after) return offset;
    shift += inserted.length - deleted;
  }
  return after - shift;
}
