import { IDBFactory } from "fake-indexeddb";
import "fake-indexeddb/auto";
import { describe, expect, test } from "vitest";
import { createUnsavedStore } from "./unsaved-store.ts";

const fail = (error: unknown) => {
  throw error;
};
const bytes = (...values: number[]) => Uint8Array.from(values);
const update = (...values: number[]) => ({ update: bytes(...values), generation: 1, edits: 1 });

describe("the unsaved store", () => {
  test("gives back what was noted, in order and by document, to another tab too", async () => {
    const factory = new IDBFactory();
    const store = createUnsavedStore({ factory, onFailure: fail });
    store.append("p/a", update(1));
    store.append("p/b", update(2));
    store.append("p/a", update(3));
    await store.flush();
    const other = createUnsavedStore({ factory, onFailure: fail });
    expect((await other.load("p/a")).map((row) => [...row.update.update])).toEqual([[1], [3]]);
  });

  test("forgets only what was confirmed, whether written yet or not", async () => {
    const factory = new IDBFactory();
    const [mine, theirs] = [1, 2].map(() => createUnsavedStore({ factory, onFailure: fail }));
    const written = mine?.append("p/a", update(1));
    theirs?.append("p/a", update(2));
    await Promise.all([mine?.flush(), theirs?.flush()]);
    const unwritten = mine?.append("p/a", update(3));
    if (written && unwritten) mine?.discard([written, unwritten]);
    await mine?.flush();
    expect((await mine?.load("p/a"))?.map((row) => [...row.update.update])).toEqual([[2]]);
  });

  test("confirmed while it is being written, an update does not stay behind", async () => {
    const store = createUnsavedStore({ factory: new IDBFactory(), onFailure: fail });
    const ticket = store.append("p/a", update(1));
    const writing = store.flush();
    store.discard([ticket]);
    await writing;
    expect(await store.load("p/a")).toEqual([]);
  });

  test("keeps drafts and copies until told otherwise", async () => {
    const store = createUnsavedStore({ factory: new IDBFactory(), onFailure: fail });
    store.putDraft("local:main.py", { base: "a", text: "ab" });
    expect(await store.loadDraft("local:main.py")).toEqual({ base: "a", text: "ab" });
    store.putDraft("local:main.py", undefined);
    expect(await store.loadDraft("local:main.py")).toBeUndefined();
    const copy = { document: "p/a", path: "a.py", text: "kept", keptAt: 7 };
    await store.keepCopy(copy);
    expect(await store.copies("p/a")).toEqual([copy]);
    expect(await store.copies("p/b")).toEqual([]);
    await store.discardCopy(copy);
    expect(await store.copies("p/a")).toEqual([]);
  });

  test("says once that the browser refuses, and goes on", async () => {
    const failures: unknown[] = [];
    const refusing = { open: () => fail(new Error("no space")) } as unknown as IDBFactory;
    const store = createUnsavedStore({ factory: refusing, onFailure: (error) => failures.push(error) });
    store.append("p/a", update(1));
    expect(store.available).toBe(true);
    await store.flush();
    await store.flush();
    expect(await store.load("p/a")).toEqual([]);
    expect(store.available).toBe(false);
    expect(failures).toHaveLength(1);
  });

  test("without a database nothing is promised", async () => {
    const store = createUnsavedStore({ factory: undefined, onFailure: fail });
    expect(store.available).toBe(false);
    store.append("p/a", update(1));
    await store.flush();
    expect(await store.load("p/a")).toEqual([]);
  });
});
