import { describe, expect, it } from "vitest";
import { ariaKeys, keyCaps, keyWords, matchesKeys, type KeyPress } from "./key-binding.ts";

const press = (key: string, held: Partial<KeyPress> = {}): KeyPress => ({
  key,
  code: "",
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});

describe("a key binding", () => {
  it("matches exactly its modifiers, whatever the case of the letter", () => {
    expect(matchesKeys("Mod+Shift+P", press("P", { ctrlKey: true, shiftKey: true }), false)).toBe(true);
    expect(matchesKeys("Mod+Shift+P", press("p", { ctrlKey: true, shiftKey: true }), false)).toBe(true);
    expect(matchesKeys("Mod+P", press("p", { ctrlKey: true, shiftKey: true }), false)).toBe(false);
    expect(matchesKeys("Mod+P", press("p", { ctrlKey: true, altKey: true }), false)).toBe(false);
    expect(matchesKeys("F1", press("F1"), false)).toBe(true);
    expect(matchesKeys("Mod+\\", press("\\", { ctrlKey: true }), false)).toBe(true);
  });

  it("leaves Ctrl+P to the text on Apple's machines, where Mod is Cmd", () => {
    expect(matchesKeys("Mod+P", press("p", { ctrlKey: true }), true)).toBe(false);
    expect(matchesKeys("Mod+P", press("p", { metaKey: true }), true)).toBe(true);
    expect(matchesKeys("Mod+P", press("p", { metaKey: true }), false)).toBe(false);
  });

  it("goes by the position of the key where the keyboard has no Latin letters, and only there", () => {
    expect(matchesKeys("Mod+P", press("з", { ctrlKey: true, code: "KeyP" }), false)).toBe(true);
    expect(matchesKeys("Mod+P", press("з", { ctrlKey: true, code: "KeyO" }), false)).toBe(false);
    // On a Dvorak keyboard L is where P is on others.
    expect(matchesKeys("Mod+P", press("l", { ctrlKey: true, code: "KeyP" }), false)).toBe(false);
  });

  it("is shown as the machine's keyboard has it", () => {
    expect(keyCaps("Mod+Shift+p", false)).toEqual(["Ctrl", "Shift", "P"]);
    expect(keyWords("Mod+Enter", false)).toBe("Ctrl+Enter");
    expect(keyWords("Mod+Enter", true)).toBe("⌘⏎");
    expect(keyWords("Shift+F6", false)).toBe("Shift+F6");
    expect(ariaKeys("Shift+F6")).toBe("Shift+F6");
  });

  it("with an unknown modifier throws", () => {
    expect(() => matchesKeys("Strg+P", press("p"), false)).toThrow("no modifier: Strg");
  });
});
