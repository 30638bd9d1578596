import { expect, test } from "vitest";
import { isShown } from "./problem-filter.ts";

const ALL = { lacksPackages: false, lacksFiles: false };

test("an error of types is shown, whatever is missing", () => {
  expect(isShown({ code: 2322, subject: "n" }, { lacksPackages: true, lacksFiles: true })).toBe(true);
});

test.each([
  [2307, '"express"', false],
  [2307, "'@scope/name/part'", false],
  [2307, '"#internal"', false],
  [2307, '"./none"', true],
  [2307, '"../none"', true],
  [2664, '"express"', false],
  [7016, '"./old.js"', false],
  [7026, "<a>", false],
  [2503, "JSX", false],
  [2503, "Other", true],
])("%i about %s is shown: %s", (code, subject, shown) => {
  expect(isShown({ code, subject }, ALL)).toBe(shown);
});

test("a file that cannot be read makes no error of its imports", () => {
  expect(isShown({ code: 2307, subject: '"./big"' }, { ...ALL, lacksFiles: true })).toBe(false);
});

test("a missing type is no implicit any of the reader's", () => {
  expect(isShown({ code: 7006, subject: "req" }, ALL)).toBe(true);
  expect(isShown({ code: 7006, subject: "req" }, { ...ALL, lacksPackages: true })).toBe(false);
  expect(isShown({ code: 7006, subject: "req" }, { ...ALL, lacksFiles: true })).toBe(false);
});
