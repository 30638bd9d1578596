import { describe, expect, it } from "vitest";
import { entriesFrom, withChanged, withoutRemoved, withRead } from "./entries.ts";
import { entry } from "./entry.testing.ts";

const pathsOf = (entries: ReturnType<typeof withRead>): string[] => [...entries.values()].map(({ path }) => path);

describe("a tree that is read again", () => {
  const before = entriesFrom([entry("a.py"), entry("b.py"), entry("lib", "folder"), entry("lib/c.py")]);

  it("has entries that were created, and lacks those that were deleted, before the request", () => {
    const read = [entry("a.py"), entry("new.py")];
    expect(pathsOf(withRead(read, { before, now: before }))).toEqual(["a.py", "new.py"]);
  });

  it("keeps local creations, moves and deletions of the time between request and response", () => {
    const made = withChanged(before, [entry("made.py")]);
    const moved = withChanged(made, [{ ...entry("lib", "folder"), path: "src" }]);
    const now = withoutRemoved(moved, ["b.py"]);
    const read = [...before.values()];
    expect(pathsOf(withRead(read, { before, now }))).toEqual(["a.py", "src", "src/c.py", "made.py"]);
  });

  it("keeps the identity of unchanged entries, and replaces those with a newer version", () => {
    const newer = { ...entry("b.py"), version: 2 };
    const next = withRead([{ ...entry("a.py"), updatedAt: "2026-02-02T00:00:00.000Z" }, newer], {
      before,
      now: before,
    });
    expect(next.get("a.py")).toBe(before.get("a.py"));
    expect(next.get("b.py")).toBe(newer);
  });
});
