import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges, diffTexts } from "./text-diff.ts";

const never = () => false;
const text = fc
  .array(fc.constantFrom("a", "b", "c", "\n", "é", "😀", "\u{1f601}", "x = 1\n", "end\n"), { maxLength: 60 })
  .map((parts) => parts.join(""));
const splits = (of: string, at: number) =>
  at > 0 && at < of.length && /[\ud800-\udbff]/u.test(of[at - 1] ?? "") && /[\udc00-\udfff]/u.test(of[at] ?? "");

describe("text diff", () => {
  it("[C30] turns any text into any other and never splits a surrogate pair", () => {
    fc.assert(
      fc.property(text, text, fc.boolean(), (before, after, late) => {
        const changes = diffTexts(before, after, () => late);
        expect(applyChanges(before, changes)).toBe(after);
        for (const change of changes) {
          expect(splits(before, change.at)).toBe(false);
          expect(splits(before, change.at + change.removed)).toBe(false);
          expect(change.inserted.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("[C30] changes only what differs", () => {
    expect(diffTexts("one\ntwo\nthree\n", "one\n2wo\nthree\nfour\n", never)).toEqual([
      { at: 4, removed: 1, inserted: "2" },
      { at: 13, removed: 0, inserted: "\nfour" },
    ]);
    expect(diffTexts("same", "same", never)).toEqual([]);
  });

  it("[C30] stops at its deadline and replaces the rest as one span", () => {
    const before = Array.from({ length: 4000 }, (_, n) => `before ${n}\n`).join("");
    const after = Array.from({ length: 4000 }, (_, n) => `after ${n}\n`).join("");
    let asked = 0;
    const changes = diffTexts(before, after, () => (asked += 1) > 50);
    expect(applyChanges(before, changes)).toBe(after);
    expect(asked).toBeLessThan(200);
  });
});
