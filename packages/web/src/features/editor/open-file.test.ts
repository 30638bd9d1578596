import { IDBFactory } from "fake-indexeddb";
import { afterEach, describe, expect, test, vi } from "vitest";
import { haveIndexedDb } from "../collaboration/indexed-db.testing.ts";
import type { LiveDocument } from "../collaboration/live-document.ts";
import { type Replica, createReplica } from "../collaboration/replica.ts";
import type { ReadOnlyReason, SaveState } from "../collaboration/save-state.ts";
import { createSignal } from "../collaboration/signal.ts";
import { type Draft, createUnsavedStore } from "../collaboration/unsaved-store.ts";
import { createFakeModel } from "./fake-model.testing.ts";
import { type OpenedFile, createOpenFile } from "./open-file.ts";

haveIndexedDb();

const opened: OpenedFile[] = [];
afterEach(() => {
  for (const file of opened.splice(0)) file.dispose();
});

const withText = (text: string): Replica => {
  const replica = createReplica();
  replica.text.insert(0, text);
  return replica;
};

/** A document whose server the test plays. */
const createDocument = () => {
  const [onSynced, onReplaced] = [createSignal<Replica>(), createSignal<Replica>()];
  const [onAccess, onSaveState] = [createSignal<ReadOnlyReason | undefined>(), createSignal<SaveState>()];
  const copies: string[] = [];
  const document = {
    projectId: "p",
    fileId: "f",
    replica: createReplica(),
    synced: false,
    readOnly: undefined as ReadOnlyReason | undefined,
    ended: false,
    unconfirmed: 0,
    saveState: { kind: "saved" } as SaveState,
    onSynced,
    onReplaced,
    onAccess,
    onSaveState,
    keepCopy: async (text: string) => void copies.push(text),
  };
  return {
    document,
    copies,
    sync: (text: string) => {
      document.replica = withText(text);
      document.synced = true;
      onSynced.emit(document.replica);
    },
    beginAnew: () => {
      document.replica = createReplica();
      document.synced = false;
      onReplaced.emit(document.replica);
    },
    refuse: (reason: ReadOnlyReason, ended = false) => {
      Object.assign(document, { readOnly: reason, ended });
      onAccess.emit(reason);
    },
    text: () => document.replica.text.toJSON(),
  };
};

const open = async (base: string, { earlier }: { earlier?: Draft } = {}) => {
  const store = createUnsavedStore({ factory: new IDBFactory(), onFailure: (error) => expect.fail(String(error)) });
  if (earlier) store.putDraft("p/f", earlier);
  const fake = createFakeModel(base);
  Object.assign(fake.model, { dispose: () => undefined });
  const leave: (() => void)[] = [];
  const it = createDocument();
  const file = createOpenFile({
    model: fake.model,
    path: "main.py",
    draftName: "p/f",
    hasText: true,
    readOnly: false,
    editors: () => [],
    store,
    onLeave: (listener) => {
      leave.push(listener);
      return () => undefined;
    },
    earlyId: "f",
    log: () => undefined,
  });
  opened.push(file);
  file.connect({ document: it.document as unknown as LiveDocument, release: () => undefined }, { promoted: false });
  return {
    ...it,
    file,
    fake,
    draft: () => store.loadDraft("p/f"),
    leave: () => leave.forEach((listener) => listener()),
    type: (text: string) => fake.type([{ offset: fake.text.length, deleted: 0, inserted: text }]),
  };
};
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 2_000, interval: 5 });

describe("what was typed before the document was there", () => {
  test("goes into it, with what an earlier visit left", async () => {
    const it = await open("a\nb\n", { earlier: { base: "a\nb\n", text: "earlier\na\nb\n" } });
    it.type("mine");
    it.sync("a\nB\n");
    await until(() => expect(it.text()).toBe("earlier\na\nB\nmine"));
    expect([it.fake.text, it.copies]).toEqual(["earlier\na\nB\nmine", []]);
    await until(async () => expect(await it.draft()).toBeUndefined());
  });

  test("is kept aside where it turns out that nothing may be written", async () => {
    const it = await open("a\n");
    it.type("mine");
    it.refuse("role");
    it.sync("a\n");
    await until(() => expect(it.copies).toEqual(["a\nmine"]));
    await until(() => expect(it.fake.text).toBe("a\n"));
    await until(async () => expect(await it.draft()).toBeUndefined());
  });

  test("is kept aside, with what an earlier visit left, where the file is gone for good", async () => {
    const it = await open("a\n", { earlier: { base: "a\n", text: "a\nearlier" } });
    it.type("mine");
    it.refuse("not-found", true);
    await until(() => expect(it.copies).toEqual(["a\nearlier", "a\nmine"]));
    await until(async () => expect(await it.draft()).toBeUndefined());
    expect(it.file.readOnly).toBe(true);
  });

  test("is no copy where nothing was typed", async () => {
    const it = await open("a\n");
    it.refuse("role");
    it.sync("b\n");
    await until(() => expect(it.fake.text).toBe("b\n"));
    expect(it.copies).toEqual([]);
  });
});

test("what is typed between one generation of the document and the next goes into the next, once", async () => {
  const it = await open("a\n", { earlier: { base: "a\n", text: "a\nearlier\n" } });
  it.sync("a\n");
  await until(() => expect(it.text()).toBe("a\nearlier\n"));
  it.type("first\n");
  it.beginAnew();
  expect(it.file.readOnly).toBe(false);
  it.type("between\n");
  await until(async () => expect(await it.draft()).toMatchObject({ text: "a\nearlier\nfirst\nbetween\n" }));
  it.sync("restored\na\nearlier\nfirst\n");
  await until(() => expect(it.text()).toBe("restored\na\nearlier\nfirst\nbetween\n"));
  expect(it.fake.text).toBe(it.text());
  await until(async () => expect(await it.draft()).toBeUndefined());
});

describe("the saved state of a draft", () => {
  test.each<[SaveState, SaveState]>([
    [{ kind: "saved" }, { kind: "saving" }],
    [
      { kind: "offline", changes: 0 },
      { kind: "unsaved-on-device", changes: 2 },
    ],
    [
      { kind: "read-only", reason: "role" },
      { kind: "read-only", reason: "role" },
    ],
  ])("is more than its document's: %j is %j", async (ofDocument, expected) => {
    const it = await open("a\n");
    it.document.saveState = ofDocument;
    expect([it.file.saveState, it.file.unsaved]).toEqual([ofDocument, false]);
    it.type("b");
    it.type("c");
    expect([it.file.saveState, it.file.unsaved]).toEqual([expected, true]);
  });

  test("is told again as more is typed", async () => {
    const it = await open("a\n");
    it.document.saveState = { kind: "offline", changes: 0 };
    const heard: SaveState[] = [];
    it.file.onChange.on(() => heard.push(it.file.saveState));
    it.type("b");
    it.type("c");
    await until(() => expect(heard.at(-1)).toEqual({ kind: "unsaved-on-device", changes: 2 }));
  });
});

describe("the last keys of a draft", () => {
  test("are on the device when the page is left", async () => {
    const it = await open("a\n");
    it.type("b");
    it.leave();
    expect(await it.draft()).toEqual({ base: "a\n", text: "a\nb" });
  });

  test("are on the device when the file is closed", async () => {
    const it = await open("a\n");
    it.type("b");
    it.file.dispose();
    expect(await it.draft()).toEqual({ base: "a\n", text: "a\nb" });
  });
});
