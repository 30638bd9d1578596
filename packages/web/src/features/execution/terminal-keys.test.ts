import { describe, expect, it } from "vitest";
import { keyMeaning, type KeyContext, type TerminalKey } from "./terminal-keys.ts";

const key = (name: string, held: Partial<TerminalKey> = {}): TerminalKey => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  shiftKey: false,
  altKey: false,
  ...held,
});
const CTRL = { ctrlKey: true };
const meaning = (event: TerminalKey, context: Partial<KeyContext> = {}) =>
  keyMeaning(event, { hasSelection: false, isActive: true, isApple: false, isPageKey: false, ...context });

describe("keys in the console", () => {
  it("Ctrl+C copies what is selected, and interrupts when nothing is", () => {
    expect(meaning(key("c", CTRL), { hasSelection: true })).toBe("copy");
    expect(meaning(key("c", CTRL))).toBe("program");
  });

  it("Ctrl+Shift+C copies, whatever is selected", () => {
    expect(meaning(key("C", { ...CTRL, shiftKey: true }))).toBe("copy");
  });

  it.each([
    ["Ctrl+V", key("v", CTRL)],
    ["Ctrl+Shift+V", key("V", { ...CTRL, shiftKey: true })],
    ["Shift+Insert", key("Insert", { shiftKey: true })],
  ])("%s is the browser's, which pastes", (_, event) => {
    expect(meaning(event)).toBe("browser");
  });

  it("Ctrl+F finds, and so it stays the program's with Alt", () => {
    expect(meaning(key("f", CTRL))).toBe("find");
    expect(meaning(key("f", { ...CTRL, altKey: true }))).toBe("program");
  });

  it("on a Mac Cmd copies, pastes and finds, and Ctrl is the program's", () => {
    const mac = { isApple: true, hasSelection: true };
    expect(meaning(key("c", { metaKey: true }), mac)).toBe("copy");
    expect(meaning(key("v", { metaKey: true }), mac)).toBe("browser");
    expect(meaning(key("f", { metaKey: true }), mac)).toBe("find");
    expect(meaning(key("c", CTRL), mac)).toBe("program");
  });

  it("Tab leaves where no program takes it, Shift+Tab always does", () => {
    expect(meaning(key("Tab"))).toBe("program");
    expect(meaning(key("Tab"), { isActive: false })).toBe("browser");
    expect(meaning(key("Tab", { shiftKey: true }))).toBe("browser");
  });

  it("keys of the page stay the page's", () => {
    expect(meaning(key("F6"), { isPageKey: true })).toBe("page");
  });

  it("letters and other combinations are the program's while it runs", () => {
    expect(meaning(key("a"))).toBe("program");
    expect(meaning(key("d", CTRL))).toBe("program");
  });
});
