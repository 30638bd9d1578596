/** The one change that turns a text into another: small enough for the first script of the page. */
import type { Draft } from "../collaboration/unsaved-store.ts";
import { type TextChange, applyChanges, rebaseChanges, splitsPair } from "./text-changes.ts";

/** One change with the common beginning and end left out; undefined if the texts are equal. */
export function minimalChange(before: string, after: string): TextChange | undefined {
  if (before === after) return undefined;
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start += 1;
  if (splitsPair(before, start) || splitsPair(after, start)) start -= 1;
  let tail = 0;
  while (
    tail < shorter - start &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  )
    tail += 1;
  if (tail > 0 && (splitsPair(before, before.length - tail) || splitsPair(after, after.length - tail))) tail -= 1;
  return { offset: start, deleted: before.length - tail - start, inserted: after.slice(start, after.length - tail) };
}

/** The same as a list, empty if the texts are equal. */
export function changesBetween(before: string, after: string): TextChange[] {
  const change = minimalChange(before, after);
  return change ? [change] : [];
}

/** A draft's edits in what its base has become. */
export function carryOver({ base, text }: Draft, theirs: string): string {
  return applyChanges(theirs, rebaseChanges(changesBetween(base, text), changesBetween(base, theirs)));
}
