import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { composeChanges, crossChanges } from "./compose-changes.ts";
import { type TextChange, applyChanges } from "./text-changes.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "\n"), maxLength: 12 });
const drafts = fc.array(fc.tuple(fc.nat(), fc.nat(4), text), { maxLength: 4 });

/** Random simultaneous changes of the text. */
const changesOn = (before: string, given: readonly (readonly [number, number, string])[]): TextChange[] => {
  const changes: TextChange[] = [];
  let from = 0;
  const placed = given.map(([at, size, inserted]) => [at % (before.length + 1), size, inserted] as const);
  for (const [at, size, inserted] of placed.toSorted((a, b) => a[0] - b[0])) {
    if (at < from) continue;
    const deleted = Math.min(size, before.length - at);
    if (deleted === 0 && inserted === "") continue;
    changes.push({ offset: at, deleted, inserted });
    from = at + deleted + 1;
  }
  return changes;
};

describe("two edits", () => {
  test("one after the other are one edit", () => {
    fc.assert(
      fc.property(text, drafts, drafts, (before, one, two) => {
        const first = changesOn(before, one);
        const between = applyChanges(before, first);
        const second = changesOn(between, two);
        expect(applyChanges(before, composeChanges(first, second))).toBe(applyChanges(between, second));
      }),
      { numRuns: 2_000 },
    );
  });

  test("made at the same time give one text in either order", () => {
    fc.assert(
      fc.property(text, drafts, drafts, (before, one, two) => {
        const [mine, theirs] = [changesOn(before, one), changesOn(before, two)];
        const crossed = crossChanges(mine, theirs);
        expect(applyChanges(applyChanges(before, theirs), crossed.mine)).toBe(
          applyChanges(applyChanges(before, mine), crossed.theirs),
        );
      }),
      { numRuns: 2_000 },
    );
  });

  test("what is composed stays with the text around it", () => {
    const replaced = [{ offset: 3, deleted: 1, inserted: "漢" }];
    const both = (theirs: TextChange[]) => {
      const before = "abcか";
      return applyChanges(applyChanges(before, theirs), crossChanges(replaced, theirs).mine);
    };
    expect(both([{ offset: 0, deleted: 0, inserted: "Q" }])).toBe("Qabc漢");
    expect(both([{ offset: 3, deleted: 0, inserted: "Z" }])).toBe("abcZ漢");
    expect(both([{ offset: 4, deleted: 0, inserted: "Z" }])).toBe("abc漢Z");
    expect(both([{ offset: 0, deleted: 4, inserted: "" }])).toBe("漢");
  });
});
