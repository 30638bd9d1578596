import { describe, expect, it } from "vitest";
import { takeItems, type TransferItem } from "./transfer-items.ts";
import { MOST_FILES, readChosen, readTransfer } from "./dropped-files.ts";

const file = (name: string, webkitRelativePath = ""): File =>
  Object.assign(new File(["x"], name), { webkitRelativePath });

type Node = { readonly [name: string]: Node | null };
/** A folder or a file (null) as a browser returns it: the children come in several parts. */
const entry = (name: string, node: Node | null): FileSystemEntry =>
  ({
    name,
    isFile: node === null,
    isDirectory: node !== null,
    file: (done: (made: File) => void) => done(new File(["x"], name)),
    createReader: () => {
      const children = Object.entries(node ?? {}).map(([child, below]) => entry(child, below));
      return { readEntries: (done: (part: FileSystemEntry[]) => void) => done(children.splice(0, 2)) };
    },
  }) as unknown as FileSystemEntry;
const transfer = (nodes: Node): readonly TransferItem[] =>
  takeItems({
    items: [
      { kind: "string", webkitGetAsEntry: () => null, getAsFile: () => null },
      ...Object.entries(nodes).map(([name, node]) => ({ kind: "file", webkitGetAsEntry: () => entry(name, node) })),
    ],
  } as unknown as DataTransfer);

describe("what is brought from outside", () => {
  it("is read with its folders, empty ones too, however many a folder holds", async () => {
    const many = Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`${n}.txt`, null]));
    const { files, folders } = await readTransfer(transfer({ "a.py": null, box: { deep: many, none: {} } }));
    expect(files.map(({ path }) => path)).toEqual([
      "a.py",
      ...Array.from({ length: 7 }, (_, n) => `box/deep/${n}.txt`),
    ]);
    expect(folders).toEqual(["box/none"]);
  });

  it("skips generated folders and names them, unless they were dropped themselves", async () => {
    const brought = await readTransfer(
      transfer({ box: { ".git": { HEAD: null }, node_modules: { x: null }, ".DS_Store": null, "a.js": null } }),
    );
    expect(brought.files.map(({ path }) => path)).toEqual(["box/a.js"]);
    expect(brought.leftOut).toEqual([".git", "node_modules"]);
    const itself = await readTransfer(transfer({ node_modules: { x: null } }));
    expect(itself.files.map(({ path }) => path)).toEqual(["node_modules/x"]);
  });

  it("is read from a field, files by their names and folders by their paths", () => {
    const { files } = readChosen([file("a.py"), file("b.py", "box/lib/b.py"), file("c.js", "box/node_modules/c.js")]);
    expect(files.map(({ path }) => path)).toEqual(["a.py", "box/lib/b.py"]);
  });

  it("is refused when there are too many files", () => {
    const list = Array.from({ length: MOST_FILES + 1 }, (_, n) => file(`${n}`));
    expect(() => readChosen(list)).toThrow(RangeError);
  });
});
