/** The least that turns one text into another, as changes that never split a character. */
import diff from "fast-diff";
import { type TextChange, splitsPair } from "./text-changes.ts";

/** Middles longer than this (UTF-16 units, both sides together) are replaced whole: a character diff would be felt. */
const DIFF_LIMIT = 20_000;

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

/** Several small changes where that is quick to find, else the one minimal change; empty if the texts are equal. */
export function diffTexts(before: string, after: string): TextChange[] {
  const whole = minimalChange(before, after);
  if (!whole) return [];
  if (whole.deleted === 0 || whole.inserted === "" || whole.deleted + whole.inserted.length > DIFF_LIMIT)
    return [whole];
  const changes: TextChange[] = [];
  let offset = whole.offset;
  let open: TextChange | undefined;
  for (const [kind, text] of diff(before.slice(whole.offset, whole.offset + whole.deleted), whole.inserted)) {
    if (kind === diff.EQUAL) {
      offset += text.length;
      open = undefined;
      continue;
    }
    if (!open) changes.push((open = { offset, deleted: 0, inserted: "" }));
    if (kind === diff.DELETE) {
      open.deleted += text.length;
      offset += text.length;
    } else open.inserted += text;
  }
  return changes;
}
