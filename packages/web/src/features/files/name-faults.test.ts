import { describe, expect, it } from "vitest";
import { entry } from "./entry.testing.ts";
import { entriesFrom } from "./entries.ts";
import { nameFault } from "./name-faults.ts";

const entries = entriesFrom([entry("main.py"), entry("lib", "folder"), entry("lib/tools.py")]);
const ask = (name: string, more: { folder?: string; ownId?: string; hidden?: string[] } = {}) =>
  nameFault(name, {
    entries,
    hidden: new Set(more.hidden),
    folder: more.folder ?? "",
    ...(more.ownId === undefined ? {} : { ownId: more.ownId }),
  });

describe("nameFault", () => {
  it("accepts valid names, also with folders, and the same name in another folder", () => {
    for (const name of ["a.py", "lib/new.py", "Ünïcode 日本.txt", ".hidden", "…"]) expect(ask(name)).toBeUndefined();
    expect(ask("main.py", { folder: "lib" })).toBeUndefined();
  });

  it.each([
    ["", /name/u],
    ["..", /dot/u],
    ["a/../b", /dot/u],
    ["/a", /slash/u],
    ["a//b", /slash/u],
    ["a\\b", /backslash/u],
    ["a\u0007b", /control/u],
    ["n".repeat(256), /too long/u],
  ])("says what is wrong with %j", (name, words) => expect(ask(name)).toMatch(words));

  it("counts names that differ in case or in Unicode form as the same", () => {
    expect(ask("main.py")).toMatch(/already/u);
    expect(ask("MAIN.py")).toBe("main.py is here already.");
    expect(ask("LIB")).toBe("lib is here already.");
    expect(ask("Tools.py", { folder: "lib" })).toBe("lib/tools.py is here already.");
  });

  it("accepts an entry's own name in another case, and the name of an entry that is being deleted", () => {
    expect(ask("Main.py", { ownId: "main.py" })).toBeUndefined();
    expect(ask("main.py", { hidden: ["main.py"] })).toBeUndefined();
  });
});
