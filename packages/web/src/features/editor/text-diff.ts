/** The least that turns one text into another, as changes that never split a character. */
import diff from "fast-diff";
import { minimalChange } from "./minimal-change.ts";
import { collectChanges, type TextChange } from "./text-changes.ts";

/** Middles longer than this (UTF-16 units, both sides together) are replaced whole: a character diff would be felt. */
const DIFF_LIMIT = 20_000;

/** Several small changes where that is quick to find, else the one minimal change; empty if the texts are equal. */
export function diffTexts(before: string, after: string): TextChange[] {
  const whole = minimalChange(before, after);
  if (!whole) return [];
  if (whole.deleted === 0 || whole.inserted === "" || whole.deleted + whole.inserted.length > DIFF_LIMIT)
    return [whole];
  const { changes, keep, cut, put } = collectChanges();
  keep(whole.offset);
  for (const [kind, text] of diff(before.slice(whole.offset, whole.offset + whole.deleted), whole.inserted)) {
    if (kind === diff.EQUAL) keep(text.length);
    else if (kind === diff.DELETE) cut(text.length);
    else put(text);
  }
  return changes;
}
