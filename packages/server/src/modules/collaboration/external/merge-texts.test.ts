import { describe, expect, it } from "vitest";
import { mergeTexts } from "./merge-texts.ts";

const never = (): boolean => false;
const merge = (base: string, current: string, changed: string): string => mergeTexts({ base, current, changed }, never);

describe("texts that were changed on two sides", () => {
  it.each([
    ["nothing on either side", "a\nb\n", "a\nb\n", "a\nb\n", "a\nb\n"],
    ["one side only", "a\nb\n", "a\nb\n", "a\nB\n", "a\nB\n"],
    ["the other side only", "a\nb\n", "a\nB\n", "a\nb\n", "a\nB\n"],
    ["different lines", "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"],
    ["typed above, appended below", "log:\n", "# note\nlog:\n", "log:\none\n", "# note\nlog:\none\n"],
    ["the same change", "a\n", "a\nb\n", "a\nb\n", "a\nb\n"],
    ["removed and typed beside", "a\nb\nc\n", "a\nc\n", "a\nb\nc\nd\n", "a\nc\nd\n"],
    ["everything removed, something typed", "abc", "abc!", "", "!"],
    ["both append", "x", "xa", "xb", "xab"],
    ["an empty base", "", "a", "b", "ab"],
    ["pairs of surrogates", "😀", "😀!", "😁", "😁!"],
  ])("%s", (_, base, current, changed, expected) => {
    expect(merge(base, current, changed)).toBe(expected);
  });

  it("without another change the result is the text that was written, whatever it was", () => {
    let seed = 7;
    const random = (below: number): number => (seed = (seed * 16_807) % 2_147_483_647) % below;
    const text = (): string => Array.from({ length: random(30) }, () => "ab\n😀"[random(4)] ?? "").join("");
    for (let round = 0; round < 500; round += 1) {
      const [base, other] = [text(), text()];
      expect(merge(base, base, other)).toBe(other);
      expect(merge(base, other, base)).toBe(other);
      expect(merge(base, other, other)).toBe(other);
    }
  });
});
