/** What changed between two texts: line by line first, character by character inside small hunks. */
import { diffSequences, type Elements } from "./sequence-diff.ts";

/** At `at` (UTF-16 offset in the old text) `removed` units are replaced by `inserted`. */
export type TextChange = { readonly at: number; readonly removed: number; readonly inserted: string };

/** Hunks with more characters than this on either side are replaced as a whole. */
const CHARACTER_DIFF_LIMIT = 2_000;

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdbff;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;
const splitsPair = (text: string, at: number): boolean =>
  at > 0 && at < text.length && isHigh(text.charCodeAt(at - 1)) && isLow(text.charCodeAt(at));

/** Code points: a surrogate pair is one element, so that no change can split it. */
const codePoints = (text: string): { elements: Elements; offsets: Uint32Array } => {
  const elements: number[] = [];
  const offsets: number[] = [];
  for (let at = 0; at < text.length;) {
    const point = text.codePointAt(at) ?? 0;
    elements.push(point);
    offsets.push(at);
    at += point > 0xffff ? 2 : 1;
  }
  offsets.push(text.length);
  return { elements, offsets: Uint32Array.from(offsets) };
};

/** Lines with their line end, as numbers: equal lines of either text get the same one. */
const lines = (text: string, numbers: Map<string, number>): { elements: Elements; offsets: Uint32Array } => {
  const elements: number[] = [];
  const offsets: number[] = [];
  for (let at = 0; at < text.length;) {
    const end = text.indexOf("\n", at);
    const next = end === -1 ? text.length : end + 1;
    const line = text.slice(at, next);
    const known = numbers.get(line) ?? numbers.size;
    numbers.set(line, known);
    elements.push(known);
    offsets.push(at);
    at = next;
  }
  offsets.push(text.length);
  return { elements, offsets: Uint32Array.from(offsets) };
};

type Cut = (text: string) => { elements: Elements; offsets: Uint32Array };

const diffBy = (cut: Cut, before: string, after: string, outOfTime: () => boolean): TextChange[] => {
  const a = cut(before);
  const b = cut(after);
  return diffSequences(a.elements, b.elements, outOfTime).map(({ at, removed, insertFrom, insertTo }) => {
    const from = a.offsets[at] ?? before.length;
    const to = a.offsets[at + removed] ?? before.length;
    return { at: from, removed: to - from, inserted: after.slice(b.offsets[insertFrom], b.offsets[insertTo]) };
  });
};

/**
 * Changes in ascending order that turn `before` into `after`; none when they are equal. No change starts or ends inside
 * a surrogate pair.
 * @param outOfTime once true, what is not compared yet is replaced as a whole
 */
export const diffTexts = (before: string, after: string, outOfTime: () => boolean): TextChange[] => {
  if (before === after) return [];
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < shorter && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix += 1;
  if (splitsPair(before, prefix) || splitsPair(after, prefix)) prefix -= 1;
  let suffix = 0;
  while (
    suffix < shorter - prefix &&
    before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)
  )
    suffix += 1;
  if (splitsPair(before, before.length - suffix) || splitsPair(after, after.length - suffix)) suffix -= 1;

  const oldMiddle = before.slice(prefix, before.length - suffix);
  const newMiddle = after.slice(prefix, after.length - suffix);
  const numbers = new Map<string, number>();
  const changes: TextChange[] = [];
  for (const hunk of diffBy((text) => lines(text, numbers), oldMiddle, newMiddle, outOfTime)) {
    const small = hunk.removed <= CHARACTER_DIFF_LIMIT && hunk.inserted.length <= CHARACTER_DIFF_LIMIT;
    if (hunk.removed === 0 || hunk.inserted === "" || !small) {
      changes.push({ ...hunk, at: hunk.at + prefix });
      continue;
    }
    const removed = oldMiddle.slice(hunk.at, hunk.at + hunk.removed);
    for (const part of diffBy(codePoints, removed, hunk.inserted, outOfTime))
      changes.push({ ...part, at: part.at + hunk.at + prefix });
  }
  return changes;
};

/**
 * Changes as whole lines, in ascending order.
 * @param outOfTime once true, text that is not compared yet is replaced as a whole
 */
export const diffLines = (before: string, after: string, outOfTime: () => boolean): TextChange[] => {
  if (before === after) return [];
  const shorter = Math.min(before.length, after.length);
  let prefix = 0;
  while (prefix < shorter && before.charCodeAt(prefix) === after.charCodeAt(prefix)) prefix += 1;
  prefix = before.lastIndexOf("\n", prefix - 1) + 1;
  if (prefix > 0 && before.charCodeAt(prefix - 1) !== after.charCodeAt(prefix - 1)) prefix = 0;
  let suffix = 0;
  while (
    suffix < shorter - prefix &&
    before.charCodeAt(before.length - 1 - suffix) === after.charCodeAt(after.length - 1 - suffix)
  )
    suffix += 1;
  const startsLine = (text: string, at: number): boolean => at === 0 || text.charCodeAt(at - 1) === 0x0a;
  if (!startsLine(before, before.length - suffix) || !startsLine(after, after.length - suffix)) {
    const next = before.indexOf("\n", before.length - suffix);
    suffix = next === -1 ? 0 : before.length - next - 1;
  }
  const numbers = new Map<string, number>();
  return diffBy(
    (text) => lines(text, numbers),
    before.slice(prefix, before.length - suffix),
    after.slice(prefix, after.length - suffix),
    outOfTime,
  ).map((change) => ({ ...change, at: change.at + prefix }));
};

/** The text after the changes; for checks. */
export const applyChanges = (text: string, changes: readonly TextChange[]): string => {
  let result = "";
  let at = 0;
  for (const change of changes) {
    result += text.slice(at, change.at) + change.inserted;
    at = change.at + change.removed;
  }
  return result + text.slice(at);
};
