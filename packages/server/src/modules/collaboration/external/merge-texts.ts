/** Merges a change that was made to an older text into the newest one: insertions and deletions of both sides are kept. */
import { diffTexts } from "./text-diff.ts";

/** In UTF-16 offsets of the base: the text inserted before each offset, and the removed parts. */
type Edits = {
  readonly inserted: ReadonlyMap<number, string>;
  readonly removed: readonly (readonly [number, number])[];
};

const editsOf = (base: string, text: string, outOfTime: () => boolean): Edits => {
  const changes = diffTexts(base, text, outOfTime);
  return {
    inserted: new Map(changes.filter(({ inserted }) => inserted !== "").map(({ at, inserted }) => [at, inserted])),
    removed: changes.filter(({ removed }) => removed > 0).map(({ at, removed }) => [at, at + removed]),
  };
};

/** Whether a part of the base was removed; no change may end inside the part. Call in ascending order. */
const removalOf = (removed: Edits["removed"]) => {
  let next = 0;
  return (at: number): boolean => {
    while ((removed[next]?.[1] ?? Infinity) <= at) next += 1;
    return (removed[next]?.[0] ?? Infinity) <= at;
  };
};

/**
 * @param outOfTime once true, text that is not compared yet is replaced as a whole
 * @returns `current` with the change from `base` to `changed`; text that both inserted at one position is inserted once
 */
export const mergeTexts = (
  texts: { readonly base: string; readonly current: string; readonly changed: string },
  outOfTime: () => boolean,
): string => {
  const { base } = texts;
  const current = editsOf(base, texts.current, outOfTime);
  const changed = editsOf(base, texts.changed, outOfTime);
  const cuts = [current, changed].flatMap(({ inserted, removed }) => [...inserted.keys(), ...removed.flat()]);
  const bounds = [...new Set([0, ...cuts, base.length])].toSorted((a, b) => a - b);
  const isRemovedNow = removalOf(current.removed);
  const isRemovedByChange = removalOf(changed.removed);
  let merged = "";
  for (const [index, at] of bounds.entries()) {
    const first = current.inserted.get(at) ?? "";
    const second = changed.inserted.get(at) ?? "";
    merged += first === second ? first : first + second;
    const isRemoved = [isRemovedNow(at), isRemovedByChange(at)].includes(true);
    if (!isRemoved) merged += base.slice(at, bounds[index + 1] ?? base.length);
  }
  return merged;
};
