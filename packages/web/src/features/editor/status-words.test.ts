import { expect, it } from "vitest";
import { indentationWords, positionWords } from "./status-words.ts";

it("says line and column, what is selected, and how many cursors there are", () => {
  const at = { line: 3, column: 14, cursors: 1, selected: 0 };
  expect(positionWords(at)).toBe("Ln 3, Col 14");
  expect(positionWords({ ...at, selected: 5 })).toBe("Ln 3, Col 14 (5 selected)");
  expect(positionWords({ ...at, cursors: 2 })).toBe("2 cursors");
  expect(positionWords({ ...at, cursors: 2, selected: 7 })).toBe("2 cursors (7 selected)");
  expect([indentationWords({ spaces: true, size: 2 }), indentationWords({ spaces: false, size: 8 })]).toEqual([
    "Spaces: 2",
    "Tabs: 8",
  ]);
});
