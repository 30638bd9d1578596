import { expect, test } from "vitest";
import { createDocumentRegistry } from "./document-registry.ts";
import type { LiveDocument, LiveDocumentOptions } from "./live-document.ts";

function registry() {
  const opened: string[] = [];
  const closed: string[] = [];
  const unconfirmed = new Map<string, number>();
  const ended = new Set<string>();
  const it = createDocumentRegistry(
    {} as Omit<LiveDocumentOptions, "projectId" | "fileId" | "path">,
    ({ projectId, fileId }) => {
      opened.push(fileId);
      const document: Partial<LiveDocument> = {
        projectId,
        fileId,
        get ended() {
          return ended.has(fileId);
        },
        get unconfirmed() {
          return unconfirmed.get(fileId) ?? 0;
        },
        close: async () => void closed.push(fileId),
      };
      return document as LiveDocument;
    },
  );
  return { it, opened, closed, unconfirmed, ended };
}

test("two panes share one document", () => {
  const { it, opened, closed } = registry();
  const [one, two] = [it.acquire("p", "a", "a"), it.acquire("p", "a", "a")];
  expect(one.document).toBe(two.document);
  one.release();
  one.release();
  expect(opened).toEqual(["a"]);
  expect(closed).toEqual([]);
});

test("the eight files that were left last keep their channels, the oldest are closed first", () => {
  const { it, closed } = registry();
  for (let i = 0; i < 10; i += 1) it.acquire("p", `f${i}`, "x").release();
  expect(closed).toEqual(["f0", "f1"]);
  it.acquire("p", "f2", "x").release();
  it.acquire("p", "new", "x").release();
  expect(closed).toEqual(["f0", "f1", "f3"]);
  expect(it.documents()).toHaveLength(8);
});

test("a file with unsaved edits, and a shown one, are not closed", () => {
  const { it, closed, unconfirmed } = registry();
  unconfirmed.set("f0", 1);
  it.acquire("p", "f0", "x").release();
  const shown = it.acquire("p", "shown", "x");
  for (let i = 1; i < 10; i += 1) it.acquire("p", `f${i}`, "x").release();
  expect(closed).toEqual(["f1", "f2"]);
  shown.release();
});

test("a document that ended is opened again on the next request", () => {
  const { it, opened, closed, ended } = registry();
  it.acquire("p", "a", "a").release();
  ended.add("a");
  it.acquire("p", "a", "a");
  expect(opened).toEqual(["a", "a"]);
  expect(closed).toEqual(["a"]);
});
