import { IDBDatabase, IDBFactory } from "fake-indexeddb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { haveIndexedDb } from "./indexed-db.testing.ts";
import { createUnsavedStore } from "./unsaved-store.ts";

haveIndexedDb();

const fail = (error: unknown) => {
  throw error;
};
const bytes = (...values: number[]) => Uint8Array.from(values);
const update = (...values: number[]) => ({ update: bytes(...values), generation: 1, edits: 1 });

/** Retries that the test triggers. */
const manualRetries = () => {
  const waiting: { delayMs: number; run: () => void }[] = [];
  return {
    after: (delayMs: number, run: () => void) => void waiting.push({ delayMs, run }),
    delays: () => waiting.map(({ delayMs }) => delayMs),
    next: () => waiting.shift()?.run(),
  };
};

/** A store whose outages are recorded, over a database that can be made to fail. */
const storeWithRetries = (factory: IDBFactory) => {
  const retries = manualRetries();
  const failures: unknown[] = [];
  const heard: boolean[] = [];
  const store = createUnsavedStore({ factory, onFailure: (error) => failures.push(error), after: retries.after });
  store.onAvailable.on((available) => heard.push(available));
  return { store, retries, failures, heard, recovered: () => vi.waitFor(() => expect(store.available).toBe(true)) };
};
const storedIn = async (factory: IDBFactory, document = "p/a") => {
  const rows = await createUnsavedStore({ factory, onFailure: fail }).load(document);
  return rows.map((row) => [...row.update.update]);
};
/** Wraps a factory: transactions of its databases fail while `isFull`. */
const fullDisk = (factory: IDBFactory) => {
  const disk = { isFull: false };
  // oxlint-disable-next-line typescript/unbound-method -- it is called on the database that the test opened
  const real = IDBDatabase.prototype.transaction;
  vi.spyOn(IDBDatabase.prototype, "transaction").mockImplementation(function (this: IDBDatabase, ...args) {
    const transaction = Reflect.apply(real, this, args);
    if (disk.isFull && args[1] === "readwrite") queueMicrotask(() => transaction.abort());
    return transaction;
  });
  return Object.assign(disk, { factory });
};

describe("an outage of the database", () => {
  afterEach(() => vi.restoreAllMocks());

  test("the database is closed for a newer release at once; later edits stay in the page, and listeners are notified", async () => {
    const factory = new IDBFactory();
    const { store, failures, heard } = storeWithRetries(factory);
    store.append("p/a", update(1));
    await store.flush();
    const events: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const newer = factory.open("atelier-unsaved", 2);
      newer.addEventListener("blocked", () => events.push("blocked"));
      newer.addEventListener("upgradeneeded", () => events.push("upgraded"));
      newer.addEventListener("success", () => resolve());
      newer.addEventListener("error", () => reject(newer.error ?? new Error("not opened")));
    });
    expect(events).toEqual(["upgraded"]);
    expect(store.available).toBe(false);
    store.append("p/a", update(2));
    await store.flush();
    expect([failures.length, heard]).toEqual([1, [false]]);
  });

  test("is retried at growing intervals until all waiting edits are written", async () => {
    const factory = new IDBFactory();
    let isRefusing = true;
    const open = (...args: Parameters<IDBFactory["open"]>) =>
      isRefusing ? fail(new Error("no space")) : factory.open(...args);
    const { store, retries, failures, heard, recovered } = storeWithRetries({ open } as unknown as IDBFactory);
    store.append("p/a", update(1));
    store.putDraft("d", { base: "a", text: "ab" });
    await store.keepCopy({ document: "p/a", path: "a.py", text: "kept", keptAt: 7 });
    const confirmed = store.append("p/a", update(2));
    store.append("p/a", update(3));
    await store.flush();
    expect(store.available).toBe(false);
    const waited: number[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      waited.push(...retries.delays());
      retries.next();
      await vi.waitFor(() => expect(retries.delays()).toHaveLength(1));
    }
    expect(waited.slice(0, 3)).toEqual([500, 1000, 2000]);
    expect(Math.max(...waited)).toBe(30_000);
    store.discard([confirmed]);
    isRefusing = false;
    retries.next();
    await recovered();
    expect(await storedIn(factory)).toEqual([[1], [3]]);
    expect(await store.loadDraft("d")).toEqual({ base: "a", text: "ab" });
    expect(await store.copies("p/a")).toHaveLength(1);
    expect([failures.length, heard]).toEqual([1, [false, true]]);
  });

  test("after a full disk all edits of the page are written", async () => {
    const disk = fullDisk(new IDBFactory());
    const { store, retries, heard, recovered } = storeWithRetries(disk.factory);
    const written = store.append("p/a", update(1));
    await store.flush();
    disk.isFull = true;
    store.append("p/a", update(2));
    await store.flush();
    expect(store.available).toBe(false);
    store.discard([written]);
    store.append("p/a", update(3));
    await store.flush();
    retries.next();
    await vi.waitFor(() => expect(retries.delays()).toHaveLength(1));
    expect(store.available).toBe(false);
    disk.isFull = false;
    retries.next();
    await recovered();
    expect(await storedIn(disk.factory)).toEqual([[2], [3]]);
    expect(heard).toEqual([false, true]);
  });

  test("a database that the browser closed is opened again, and lost rows are written again", async () => {
    const factory = new IDBFactory();
    const closers: (() => void)[] = [];
    const open = (...args: Parameters<IDBFactory["open"]>) => {
      const request = factory.open(...args);
      // The stand-in for IndexedDB never dispatches this event itself.
      request.addEventListener("success", () => {
        const { result } = request;
        const add = result.addEventListener.bind(result);
        Object.assign(result, {
          addEventListener: (type: string, listener: () => void) => {
            if (type === "close") closers.push(() => (result.close(), listener()));
            else add(type as "abort", listener);
          },
        });
      });
      return request;
    };
    const { store, retries, recovered } = storeWithRetries({ open } as unknown as IDBFactory);
    store.append("p/a", update(1));
    await store.flush();
    closers[0]?.();
    await new Promise((resolve) => factory.deleteDatabase("atelier-unsaved").addEventListener("success", resolve));
    expect(store.available).toBe(false);
    retries.next();
    await recovered();
    expect(await storedIn(factory)).toEqual([[1]]);
  });

  test("nothing waits for a database that another tab blocks; it is used when it opens", async () => {
    const factory = new IDBFactory();
    const asked = Object.assign(new EventTarget(), { result: undefined });
    const { store, heard, recovered } = storeWithRetries({ open: () => asked } as unknown as IDBFactory);
    store.append("p/a", update(1));
    const flushed = store.flush();
    await vi.waitFor(() => {
      asked.dispatchEvent(new Event("blocked"));
      expect(store.available).toBe(false);
    });
    await flushed;
    const real = factory.open("atelier-unsaved", 1);
    real.addEventListener("upgradeneeded", () => {
      Object.assign(asked, { result: real.result });
      asked.dispatchEvent(new Event("upgradeneeded"));
    });
    await new Promise((resolve) => real.addEventListener("success", resolve));
    asked.dispatchEvent(new Event("success"));
    await recovered();
    expect(await storedIn(factory)).toEqual([[1]]);
    expect(heard).toEqual([false, true]);
  });
});

describe("the unsaved store", () => {
  test("returns the stored updates, in order and by document, to another tab too", async () => {
    const factory = new IDBFactory();
    const store = createUnsavedStore({ factory, onFailure: fail });
    store.append("p/a", update(1));
    store.append("p/b", update(2));
    store.append("p/a", update(3));
    await store.flush();
    const other = createUnsavedStore({ factory, onFailure: fail });
    expect((await other.load("p/a")).map((row) => [...row.update.update])).toEqual([[1], [3]]);
  });

  test("removes only confirmed updates, written or not", async () => {
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

  test("removes an update that is confirmed while it is written", async () => {
    const store = createUnsavedStore({ factory: new IDBFactory(), onFailure: fail });
    const ticket = store.append("p/a", update(1));
    const writing = store.flush();
    store.discard([ticket]);
    await writing;
    expect(await store.load("p/a")).toEqual([]);
  });

  test("returns the draft at the time of the call, because later ones are of this page and not of an earlier visit", async () => {
    const factory = new IDBFactory();
    const before = createUnsavedStore({ factory, onFailure: fail });
    before.putDraft("p/a", { base: "one", text: "earlier one" });
    await before.flush();
    const store = createUnsavedStore({ factory, onFailure: fail });
    // A write that waits already must not make the read return that draft.
    store.append("p/b", update(1));
    const flushed = store.flush();
    const [earlier, none] = [store.loadDraft("p/a"), store.loadDraft("p/b")];
    store.putDraft("p/a", { base: "one", text: "now one" });
    store.putDraft("p/b", { base: "", text: "now" });
    expect(await earlier).toEqual({ base: "one", text: "earlier one" });
    expect(await none).toBeUndefined();
    expect(await store.loadDraft("p/a")).toEqual({ base: "one", text: "now one" });
    await Promise.all([flushed, store.flush()]);
    const after = createUnsavedStore({ factory, onFailure: fail });
    expect((await after.loadDraft("p/b"))?.text).toBe("now");
  });

  test("keeps drafts and copies until they are removed", async () => {
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

  test("reports once that the browser refuses, and continues", async () => {
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

  test("without a database it is not available", async () => {
    const store = createUnsavedStore({ factory: undefined, onFailure: fail });
    expect(store.available).toBe(false);
    store.append("p/a", update(1));
    await store.flush();
    expect(await store.load("p/a")).toEqual([]);
  });
});
