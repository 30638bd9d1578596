import { describe, expect, it } from "vitest";
import { isSettingValue, PAGE_SETTINGS, readPageSettings, SETTING_NAMES } from "./page-settings.ts";

describe("the page's settings", () => {
  it("have first values that are valid", () => {
    expect(SETTING_NAMES.length).toBeGreaterThan(5);
    for (const name of SETTING_NAMES) expect(isSettingValue(name, PAGE_SETTINGS[name].first), name).toBe(true);
    expect(readPageSettings({})).toMatchObject({ theme: "system", "editor.tabSize": 4, "editor.insertSpaces": true });
  });

  it("are taken from a document one by one, and what is not valid is as if it were absent", () => {
    const read = readPageSettings({
      theme: "dark",
      "editor.fontSize": 14.5,
      "editor.tabSize": 9,
      "editor.minimap": "yes",
      "editor.keymap": "emacs",
      somethingNewer: { a: 1 },
    });
    expect(read).toMatchObject({
      theme: "dark",
      "editor.fontSize": 14.5,
      "editor.tabSize": 4,
      "editor.minimap": false,
      "editor.keymap": "standard",
    });
    expect(Object.keys(read).toSorted()).toEqual(SETTING_NAMES.toSorted());
    expect(readPageSettings(JSON.parse('{"__proto__": {"theme": "dark"}}') as Record<string, unknown>).theme).toBe(
      "system",
    );
  });

  it("hold numbers to their limits and steps, and a font's name to what a style sheet can have", () => {
    const values: [number, boolean][] = [
      [10, true],
      [13.5, true],
      [32, true],
      [9.5, false],
      [32.5, false],
      [13.3, false],
      [Number.NaN, false],
    ];
    for (const [value, isValid] of values) expect(isSettingValue("editor.fontSize", value), `${value}`).toBe(isValid);
    expect(isSettingValue("editor.font", "Fira Code, Menlo")).toBe(true);
    for (const font of ['x"; color: red', "a\nb", "x}", "y".repeat(81), 3]) {
      expect(isSettingValue("editor.font", font), String(font)).toBe(false);
    }
  });
});
