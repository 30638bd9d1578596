import { firstFile, type Entry } from "@atelier/contracts";
import { describe, expect, it } from "vitest";
import { entry } from "./entry.testing.ts";
import { entriesFrom, withChanged, withoutRemoved } from "./entries.ts";
import { mayMoveInto, moveByKey, rowAfterDeletion, visibleRows } from "./tree-model.ts";

const sample = entriesFrom([
  entry("b.py"),
  entry("a10.py"),
  entry("a2.py"),
  entry("src", "folder"),
  entry("src/z.py"),
  entry("src/lib", "folder"),
  entry("src/lib/deep.py"),
]);
const open = new Set(["src", "src/lib"]);
const paths = (rows: readonly { entry: Entry }[]) => rows.map((row) => row.entry.path);

describe("visibleRows", () => {
  it("puts folders first and numbers in their order", () => {
    expect(paths(visibleRows(sample, new Set()))).toEqual(["src", "a2.py", "a10.py", "b.py"]);
  });

  it("shows what is in open folders, with level, position and size of the set", () => {
    const rows = visibleRows(sample, open);
    expect(paths(rows).slice(0, 4)).toEqual(["src", "src/lib", "src/lib/deep.py", "src/z.py"]);
    expect(rows[3]).toMatchObject({ name: "z.py", level: 2, position: 2, setSize: 2, isExpanded: undefined });
  });

  it("leaves out what is being deleted, and everything below it", () => {
    expect(paths(visibleRows(sample, open, new Set(["src"])))).toEqual(["a2.py", "a10.py", "b.py"]);
  });
});

describe("moveByKey", () => {
  const rows = visibleRows(sample, open);
  it.each([
    ["src", "ArrowDown", { kind: "focus", id: "src/lib" }],
    ["src", "ArrowLeft", { kind: "collapse", id: "src" }],
    ["src", "ArrowRight", { kind: "focus", id: "src/lib" }],
    ["src/z.py", "ArrowLeft", { kind: "focus", id: "src" }],
    ["a2.py", "ArrowLeft", undefined],
    ["b.py", "ArrowDown", undefined],
    ["b.py", "Home", { kind: "focus", id: "src" }],
    ["src", "End", { kind: "focus", id: "b.py" }],
    ["src", "a", { kind: "focus", id: "a2.py" }],
    ["a2.py", "a", { kind: "focus", id: "a10.py" }],
    ["src", "ä", undefined],
  ])("from %s, %s leads to %o", (from, key, expected) => {
    expect(moveByKey(rows, from, key)).toEqual(expected);
  });

  it("opens a closed folder before it goes into it", () => {
    expect(moveByKey(visibleRows(sample, new Set()), "src", "ArrowRight")).toEqual({ kind: "expand", id: "src" });
  });
});

describe("entries", () => {
  it("takes what is below a moved folder along", () => {
    const moved = withChanged(sample, [{ ...entry("src", "folder"), path: "code" }]);
    expect(moved.get("src/lib/deep.py")?.path).toBe("code/lib/deep.py");
    expect(moved.get("b.py")?.path).toBe("b.py");
  });

  it("drops what was below a removed folder", () => {
    expect([...withoutRemoved(sample, ["src"]).keys()]).toEqual(["b.py", "a10.py", "a2.py"]);
  });

  it("shows main first, else the shallowest", () => {
    expect(firstFile(sample.values())?.path).toBe("a10.py");
    expect(firstFile(withChanged(sample, [entry("main.py")]).values())?.path).toBe("main.py");
    expect(firstFile([entry("x/main.py"), entry("readme.md")])?.path).toBe("readme.md");
  });
});

describe("mayMoveInto", () => {
  it("refuses the folder it is in, itself, and what is below itself", () => {
    expect(mayMoveInto(entry("src", "folder"), "")).toBe(false);
    expect(mayMoveInto(entry("src", "folder"), "src")).toBe(false);
    expect(mayMoveInto(entry("src", "folder"), "src/lib")).toBe(false);
    expect(mayMoveInto(entry("src/z.py"), "")).toBe(true);
    expect(mayMoveInto(entry("src", "folder"), "srcs")).toBe(true);
  });
});

describe("rowAfterDeletion", () => {
  const rows = visibleRows(sample, open);
  const after = (path: string) => rowAfterDeletion(rows, path)?.entry.path;

  it("is the next sibling, past what goes with a folder", () => {
    expect(after("a2.py")).toBe("a10.py");
    expect(after("src")).toBe("a2.py");
    expect(after("src/lib")).toBe("src/z.py");
  });

  it("is the row above for the last one of a folder or of the tree", () => {
    expect(after("src/z.py")).toBe("src/lib/deep.py");
    expect(after("b.py")).toBe("a10.py");
  });

  it("is none when nothing stays", () => {
    expect(rowAfterDeletion(visibleRows(entriesFrom([entry("only.py")]), new Set()), "only.py")).toBeUndefined();
    expect(after("not here")).toBeUndefined();
  });
});
