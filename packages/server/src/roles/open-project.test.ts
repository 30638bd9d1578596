/** The page's first response shows the file that the page then goes on with. */
import { describe, expect, it } from "vitest";
import type { Sql } from "#platform/sql";
import type { Entry, Project } from "@atelier/contracts";
import { createProjectOpener } from "./open-project.ts";

const KIB = 1024;
const entryOf = (path: string, size = 1): Entry => ({
  id: path,
  parentId: null,
  path,
  kind: path.endsWith("/") ? "folder" : "file",
  size,
  hash: null,
  version: 1,
  executable: false,
  updatedAt: new Date(0).toISOString(),
});

/** What a page at that address comes with: the path of its file. */
const shown = async (entries: readonly Entry[], filePath?: string): Promise<string | undefined> => {
  const opener = createProjectOpener({
    sql: { transaction: async () => [{ id: "p" }] } as unknown as Sql,
    projects: { getProject: async () => ({ id: "p" }) as Project },
    files: { tree: async () => [...entries] },
    liveFiles: {
      read: async (_actor, _projectId, { path }) => {
        const bytes = Buffer.from(path.endsWith(".png") ? "\0" : "text");
        return { entry: entryOf(path), bytes };
      },
    },
  });
  const request = { id: "r", address: "127.0.0.1" };
  return (await opener(undefined, { slug: "s", filePath, request }))?.file?.path;
};

describe("the file in a project's first response", () => {
  it.each([
    ["main before others beside it", ["README.md", "a.py", "main.py"], "main.py"],
    ["what is above before a main below", ["lib.py", "src/", "src/main.py"], "lib.py"],
    ["a readme above a main below", ["README.md", "src/", "src/main.py"], "README.md"],
    ["the first in the alphabet, not in the tree's order", ["z.py", "b.py", "B2.py"], "b.py"],
    ["nothing without files", ["src/"], undefined],
  ])("is %s", async (_what, paths, expected) => {
    expect(await shown(paths.map((path) => entryOf(path)))).toBe(expected);
  });

  it("is the one that the address names, else the first", async () => {
    const entries = ["a.py", "b.py", "c/"].map((path) => entryOf(path));
    expect(await shown(entries, "b.py")).toBe("b.py");
    for (const absent of ["d.py", "c/"]) expect(await shown(entries, absent)).toBe("a.py");
  });

  it("is left out where the page's file can't come along, and none comes in its place", async () => {
    const large = entryOf("a.py", 513 * KIB);
    expect(await shown([large, entryOf("b.py")])).toBeUndefined();
    expect(await shown([large, entryOf("b.py")], "a.py")).toBeUndefined();
    expect(await shown([entryOf("main.png"), entryOf("z.py")])).toBeUndefined();
  });
});
