import { describe, expect, it } from "vitest";
import { commandItems, MOST_RECENT, withRecent } from "./command-items.ts";
import { fileItems, parseFileQuery } from "./file-items.ts";
import { type PaletteItem, textOf } from "./palette-item.ts";

const file = (path: string) => ({ id: path, path });
const FILES = [
  "src/app/shortcuts.ts",
  "src/features/editor/pane.ts",
  "src/features/editor/pane-events.ts",
  "src/features/execution/output-pane.tsx",
  "panels/readme.md",
].map(file);
const found = (text: string, open: readonly string[] = []): string[] =>
  fileItems(parseFileQuery(text), { files: FILES, open, choose: () => undefined }).map(({ id }) => id);
const words = (parts: PaletteItem["label"] | undefined): string =>
  (parts ?? []).map(({ text, isFound }) => (isFound ? `[${text}]` : text)).join("");

describe("quick open", () => {
  it("finds by letters of the path, best match first, and nothing by letters that are not there", () => {
    expect(found("apshort")).toEqual(["src/app/shortcuts.ts"]);
    expect(found("pane.ts")[0]).toBe("src/features/editor/pane.ts");
    expect(found("output pane")).toEqual(["src/features/execution/output-pane.tsx"]);
    expect(found("zzz")).toEqual([]);
  });

  it("without a query offers the open files in their order, then the others by path", () => {
    expect(found("", ["src/app/shortcuts.ts", "panels/readme.md"])).toEqual([
      "src/app/shortcuts.ts",
      "panels/readme.md",
      "src/features/editor/pane-events.ts",
      "src/features/editor/pane.ts",
      "src/features/execution/output-pane.tsx",
    ]);
  });

  it("prefers a name to its folders, and an open file among equals", () => {
    const files = ["pane/index.ts", "src/features/my-pane.ts"].map(file);
    const order = (open: string[]) =>
      fileItems({ text: "pane" }, { files, open, choose: () => undefined }).map(({ id }) => id);
    expect(order([])[0]).toBe("src/features/my-pane.ts");
    const twins = ["a/same.ts", "b/same.ts"].map(file);
    const twinOrder = (open: string[]) =>
      fileItems({ text: "same" }, { files: twins, open, choose: () => undefined }).map(({ id }) => id);
    expect(twinOrder(["b/same.ts"])[0]).toBe("b/same.ts");
    expect(twinOrder(["a/same.ts"])[0]).toBe("a/same.ts");
  });

  it("reads a line and a column behind the name", () => {
    expect(parseFileQuery("main.py:12:3")).toEqual({ text: "main.py", line: 12, column: 3 });
    expect(parseFileQuery("main.py:")).toEqual({ text: "main.py" });
    expect(parseFileQuery(":7")).toEqual({ text: "", line: 7 });
    expect(parseFileQuery(":0")).toEqual({ text: "", line: 1 });
    expect(parseFileQuery(" a b ")).toEqual({ text: "a b" });
  });

  it("marks the letters that were found, in the name and in the folder", () => {
    const [item] = fileItems({ text: "apshort" }, { files: FILES, open: [], choose: () => undefined });
    expect(words(item?.label)).toBe("[short]cuts.ts");
    expect(words(item?.detail)).toBe("src/[ap]p");
    expect(textOf({ target: "abc", indexes: [] })).toEqual([{ text: "abc", isFound: false }]);
  });

  it("answers within a frame or two in a project of 20,000 files", () => {
    const many = Array.from({ length: 20_000 }, (_, at) => file(`folder-${at % 50}/part-${at % 7}/file-${at}.ts`));
    const [item] = fileItems({ text: "f49file19999" }, { files: many, open: [], choose: () => undefined });
    expect(item?.id).toBe("folder-49/part-0/file-19999.ts");
  });
});

describe("the commands of the palette", () => {
  const commands = [
    { id: "files.new", title: "New file", group: "Files", keys: [], run: () => undefined },
    { id: "view.next", title: "Next region", group: "View", keys: ["Shift+F6"], run: () => undefined },
    { id: "run.start", title: "Run", run: () => undefined },
  ];
  const ids = (query: string, recent: string[] = []) => commandItems(query, commands, recent).map(({ id }) => id);

  it("come by name, the lately used ones first", () => {
    expect(ids("")).toEqual(["files.new", "run.start", "view.next"]);
    expect(ids("", ["view.next", "run.start"])).toEqual(["view.next", "run.start", "files.new"]);
    expect(ids("new f")).toEqual(["files.new"]);
    expect(ids("  vnr")).toEqual(["view.next"]);
  });

  it("show their first key", () => {
    expect(commandItems("region", commands, [])[0]?.keys).toEqual(["Shift", "F6"]);
  });

  it("remember the newest few, each once", () => {
    expect(withRecent(["a", "b"], "b")).toEqual(["b", "a"]);
    const many = Array.from({ length: 9 }, (_, at) => `c${at}`);
    expect(many.reduce<string[]>(withRecent, [])).toHaveLength(MOST_RECENT);
  });
});
