import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as Y from "yjs";
import {
  type TextChange,
  applyChanges,
  changesFromDelta,
  changesFromModel,
  mapOffset,
  rebaseChanges,
  splitsPair,
  widenOverPairs,
} from "./text-changes.ts";
import { minimalChange } from "./minimal-change.ts";
import { diffTexts } from "./text-diff.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "\n", "é", "😀", "😁", "🧑", " ") });

/** Simultaneous changes that fit the text. */
const changesOf = (before: string): fc.Arbitrary<TextChange[]> =>
  fc.array(fc.tuple(fc.nat(before.length), fc.nat(4), text), { maxLength: 4 }).map((drafts) => {
    const changes: TextChange[] = [];
    let from = 0;
    for (const [at, size, inserted] of drafts.toSorted((a, b) => a[0] - b[0])) {
      if (at < from) continue;
      const deleted = Math.min(size, before.length - at);
      changes.push({ offset: at, deleted, inserted });
      from = at + deleted + 1;
    }
    return changes;
  });
const textWithChanges = text.chain((before) => fc.tuple(fc.constant(before), changesOf(before)));

const wholePairs = (before: string, changes: TextChange[]) =>
  changes.every(({ offset, deleted }) => !splitsPair(before, offset) && !splitsPair(before, offset + deleted));

describe("changes from a Yjs delta", () => {
  test("rebuild what the document holds, whatever was edited in one transaction", () => {
    fc.assert(
      fc.property(
        textWithChanges,
        fc.array(fc.tuple(fc.nat(), fc.nat(3), text), { maxLength: 4 }),
        ([before], edits) => {
          const doc = new Y.Doc();
          const shared = doc.getText("content");
          shared.insert(0, before);
          let changes: TextChange[] = [];
          shared.observe((event) => (changes = changesFromDelta(event.delta)));
          doc.transact(() => {
            for (const [at, size, inserted] of edits) {
              const now = shared.toJSON();
              let start = at % (now.length + 1);
              if (splitsPair(now, start)) start -= 1;
              let end = Math.min(now.length, start + size);
              if (splitsPair(now, end)) end += 1;
              shared.delete(start, end - start);
              shared.insert(start, inserted);
            }
          });
          expect(applyChanges(before, changes)).toBe(shared.toJSON());
        },
      ),
    );
  });
});

describe("changes from Monaco", () => {
  test("come ascending and applied last first give the same text", () => {
    fc.assert(
      fc.property(textWithChanges, ([before, changes]) => {
        const event = changes
          .toReversed()
          .map(({ offset, deleted, inserted }) => ({ rangeOffset: offset, rangeLength: deleted, text: inserted }));
        const ascending = changesFromModel(event);
        expect(ascending).toEqual(changes);
        let lastFirst = before;
        for (const change of ascending.toReversed()) lastFirst = applyChanges(lastFirst, [change]);
        expect(lastFirst).toBe(applyChanges(before, changes));
      }),
    );
  });

  test("are widened so that a shared text never halves a character", () => {
    fc.assert(
      fc.property(textWithChanges, ([before, changes]) => {
        const after = applyChanges(before, changes);
        const widened = widenOverPairs(changes, (offset) => after.charCodeAt(offset));
        const spread = widened.every((change, i) => i === 0 || change.offset >= end(widened[i - 1]));
        fc.pre(spread && after.isWellFormed());
        expect(applyChanges(before, widened)).toBe(after);
        expect(wholePairs(before, widened)).toBe(true);
        const doc = new Y.Doc();
        const shared = doc.getText("content");
        shared.insert(0, before);
        doc.transact(() => {
          for (const { offset, deleted, inserted } of widened.toReversed()) {
            shared.delete(offset, deleted);
            shared.insert(offset, inserted);
          }
        });
        expect(shared.toJSON()).toBe(after);
      }),
      { numRuns: 500 },
    );
  });

  test("a half replaced emoji is replaced whole", () => {
    const low = "😁".charAt(1);
    const after = "a😁b";
    expect(widenOverPairs([{ offset: 2, deleted: 1, inserted: low }], (offset) => after.charCodeAt(offset))).toEqual([
      { offset: 1, deleted: 2, inserted: "😁" },
    ]);
  });
});

const end = (change: TextChange | undefined) => (change ? change.offset + change.deleted : 0);

describe("differences", () => {
  test("turn one text into the other without splitting a character", () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        const changes = diffTexts(before, after);
        expect(applyChanges(before, changes)).toBe(after);
        expect(wholePairs(before, changes)).toBe(true);
        expect(changes.every(({ inserted }) => inserted.isWellFormed())).toBe(true);
        const one = minimalChange(before, after);
        expect(applyChanges(before, one ? [one] : [])).toBe(after);
      }),
      { numRuns: 500 },
    );
  });

  test("are small for a small edit of a long text", () => {
    const long = "line\n".repeat(50_000);
    expect(minimalChange(long, `${long.slice(0, 100_000)}!${long.slice(100_000)}`)).toMatchObject({
      deleted: 0,
      inserted: "!",
    });
  });
});

describe("offsets", () => {
  test("a cursor stays with the character before it, unless it was deleted", () => {
    const changes = [{ offset: 3, deleted: 0, inserted: "xyz" }];
    expect(mapOffset(3, changes, "before")).toBe(3);
    expect(mapOffset(3, changes, "after")).toBe(6);
    expect(mapOffset(2, changes, "after")).toBe(2);
    expect(mapOffset(4, changes, "before")).toBe(7);
    expect(mapOffset(4, [{ offset: 2, deleted: 5, inserted: "q" }], "before")).toBe(2);
  });

  test("both sides' edits survive a rebase when they do not touch", () => {
    fc.assert(
      fc.property(text, text, text, text, (head, tail, mine, theirs) => {
        const base = `${head}|middle|${tail}`;
        const mineChanges = [{ offset: 0, deleted: head.length, inserted: mine }];
        const otherChanges = [{ offset: base.length - tail.length, deleted: tail.length, inserted: theirs }];
        const merged = applyChanges(applyChanges(base, otherChanges), rebaseChanges(mineChanges, otherChanges));
        expect(merged).toBe(`${mine}|middle|${theirs}`);
        const other = applyChanges(applyChanges(base, mineChanges), rebaseChanges(otherChanges, mineChanges));
        expect(other).toBe(merged);
      }),
    );
  });

  test("rebased changes stay in order and inside the text", () => {
    fc.assert(
      fc.property(
        text.chain((base) => fc.tuple(fc.constant(base), changesOf(base), changesOf(base))),
        ([base, mine, others]) => {
          const target = applyChanges(base, others);
          let from = 0;
          for (const { offset, deleted } of rebaseChanges(mine, others)) {
            expect(offset).toBeGreaterThanOrEqual(from);
            from = offset + deleted;
          }
          expect(from).toBeLessThanOrEqual(target.length);
        },
      ),
      { numRuns: 500 },
    );
  });
});
