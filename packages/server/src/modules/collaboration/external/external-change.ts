/** Merges a text written from outside into a document as a minimal change that keeps concurrent typing. */
import { ROOT_TEXT } from "@atelier/contracts";
import * as Y from "yjs";
import { diffTexts, type TextChange } from "./text-diff.ts";

/** A run of characters that was in the base text and still is in the document: offsets in both. */
export type Kept = { readonly base: number; readonly current: number; readonly length: number };

export type ExternalWrite = {
  /** The text that the writer saw, and what the writer made of it; both with LF. */
  readonly baseText: string;
  readonly newText: string;
  /** An encoded Y.Snapshot of the document when its text was the base text, if there is one. */
  readonly baseSnapshot: Uint8Array | null;
};

const append = (kept: { base: number; current: number; length: number }[], run: Kept): void => {
  const last = kept.at(-1);
  if (last !== undefined && last.base + last.length === run.base && last.current + last.length === run.current)
    last.length += run.length;
  else kept.push({ ...run });
};

/** Sub-runs of [clock, clock + length) with whether the snapshot shows them. */
function* shownRuns(snapshot: Y.Snapshot, client: number, clock: number, length: number): Generator<[number, boolean]> {
  const end = clock + length;
  const known = Math.min(end, snapshot.sv.get(client) ?? 0);
  let at = clock;
  const deletions = snapshot.ds.clients.get(client) ?? [];
  let low = 0;
  for (let high = deletions.length; low < high;) {
    const mid = (low + high) >>> 1;
    const range = deletions[mid];
    if (range !== undefined && range.clock + range.len <= clock) low = mid + 1;
    else high = mid;
  }
  for (; at < known; low += 1) {
    const range = deletions[low];
    const from = Math.min(range?.clock ?? known, known);
    if (from > at) yield [from - at, true];
    at = Math.max(at, from);
    if (range === undefined) break;
    const to = Math.min(range.clock + range.len, known);
    if (to > at) yield [to - at, false];
    at = Math.max(at, to);
  }
  if (end > at) yield [end - at, false];
}

/**
 * The parts of the snapshot's text that the document still has, by the identity of each character. This is exact, because
 * deleted text keeps its position in the list. Undefined when the snapshot's text has another length than expected.
 */
const keptBySnapshot = (text: Y.Text, encoded: Uint8Array, baseLength: number): Kept[] | undefined => {
  const snapshot = Y.decodeSnapshot(encoded);
  const kept: { base: number; current: number; length: number }[] = [];
  let base = 0;
  let current = 0;
  for (let item = text._start; item !== null; item = item.right) {
    if (!item.countable && !(item.content instanceof Y.ContentDeleted)) continue;
    for (const [length, shown] of shownRuns(snapshot, item.id.client, item.id.clock, item.length)) {
      if (shown && !item.deleted) append(kept, { base, current, length });
      if (shown) base += length;
      if (!item.deleted) current += length;
    }
  }
  return base === baseLength ? kept : undefined;
};

/** The parts of the base text that the document still has, estimated by comparing the two texts. */
const keptByDiff = (baseText: string, currentText: string, outOfTime: () => boolean): Kept[] => {
  const kept: { base: number; current: number; length: number }[] = [];
  let base = 0;
  let current = 0;
  for (const change of diffTexts(baseText, currentText, outOfTime)) {
    if (change.at > base) append(kept, { base, current, length: change.at - base });
    current += change.at - base + change.inserted.length;
    base = change.at + change.removed;
  }
  if (base < baseText.length) append(kept, { base, current, length: baseText.length - base });
  return kept;
};

const applyChange = (text: Y.Text, kept: readonly Kept[], change: TextChange): void => {
  let insertAt = 0;
  for (let index = kept.length - 1; index >= 0; index -= 1) {
    const run = kept[index];
    if (run === undefined) continue;
    if (run.base < change.at) {
      insertAt = run.current + Math.min(run.length, change.at - run.base);
    }
    const from = Math.max(run.base, change.at);
    const to = Math.min(run.base + run.length, change.at + change.removed);
    if (to > from) text.delete(run.current + from - run.base, to - from);
    if (run.base < change.at) break;
  }
  if (change.inserted !== "") text.insert(insertAt, change.inserted);
};

/**
 * Applies the write to the document in one transaction.
 * @param outOfTime once true, what is not compared yet is replaced as a whole
 * @returns the update that carries it; undefined when nothing changed
 */
export const applyExternalWrite = (
  doc: Y.Doc,
  write: ExternalWrite,
  outOfTime: () => boolean,
): Uint8Array | undefined => {
  const text = doc.getText(ROOT_TEXT);
  const changes = diffTexts(write.baseText, write.newText, outOfTime);
  if (changes.length === 0) return undefined;
  const currentText = text.toJSON();
  // Another write may have brought the same text already (for example a run and a PUT of the same content).
  if (currentText === write.newText) return undefined;
  const kept =
    (write.baseSnapshot === null ? undefined : keptBySnapshot(text, write.baseSnapshot, write.baseText.length)) ??
    keptByDiff(write.baseText, currentText, outOfTime);
  let update: Uint8Array | undefined;
  const keep = (made: Uint8Array): void => void (update = made);
  doc.on("update", keep);
  doc.transact(() => {
    // From the end, so that earlier offsets stay true.
    for (const change of changes.toReversed()) applyChange(text, kept, change);
  });
  doc.off("update", keep);
  return update;
};
