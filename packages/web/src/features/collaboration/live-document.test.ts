import { indexedDB } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type * as Y from "yjs";
import { type DocumentServer, startDocumentServer } from "./document-server.testing.ts";
import type { LiveEnvironment } from "../../app/environment.ts";
import type { OpenChannel } from "../../app/project-socket.ts";
import { createReconnectingSocket } from "../../app/reconnecting-socket.ts";
import { haveIndexedDb } from "./indexed-db.testing.ts";
import { type LiveDocument, openLiveDocument } from "./live-document.ts";
import { SETTLED_MS } from "./save-state.ts";
import { type KeptCopy, type UnsavedStore, createUnsavedStore } from "./unsaved-store.ts";

let server: DocumentServer;
let database: string;
let visits = 0;
const opened: LiveDocument[] = [];

haveIndexedDb();
beforeEach(async () => {
  server = await startDocumentServer("hello\n");
  visits += 1;
  database = `visit-${visits}`;
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((document) => document.close()));
  await server.stop();
});

const realTime = (): LiveEnvironment & { wake: (reason: "online" | "offline") => void } => {
  const listeners = new Set<(reason: "online" | "visible" | "offline") => void>();
  return {
    now: () => performance.now(),
    after: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
    random: () => 0,
    nextFrame: (run) => void setTimeout(run, 4),
    onWake: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLeave: () => () => undefined,
    wake: (reason) => listeners.forEach((listener) => listener(reason)),
  };
};

const failures: unknown[] = [];
const newStore = (): UnsavedStore =>
  createUnsavedStore({ factory: indexedDB, name: database, onFailure: (error) => failures.push(error) });

/** A document's channel as a socket of its own. */
const directChannel =
  (environment: LiveEnvironment): OpenChannel =>
  (_projectId, _opening, { onOpen, onFrame, onClose, isUrgent }) => {
    const socket = createReconnectingSocket(
      async () => new WebSocket(`ws://127.0.0.1:${server.port}/`),
      {
        onOpen,
        onMessage: onFrame,
        onClose: (code) => {
          if (onClose(code) === "stop") socket.close();
        },
        probe: () => undefined,
        ...(isUrgent === undefined ? {} : { isUrgent }),
      },
      environment,
    );
    return {
      send: (frame) => socket.send(frame as Uint8Array),
      hurry: () => socket.hurry(),
      restart: () => socket.restart(),
      settled: () => socket.settled(),
      close: () => socket.close(),
      get isOpen() {
        return socket.isOpen;
      },
    };
  };

function visit(store = newStore(), environment: LiveEnvironment = realTime()) {
  const copies: KeptCopy[] = [];
  const document = openLiveDocument({
    projectId: "p",
    fileId: "f",
    path: "main.py",
    openChannel: directChannel(environment),
    store,
    environment,
    log: () => undefined,
  });
  document.onKeptCopy.on((copy) => copies.push(copy));
  opened.push(document);
  return {
    document,
    store,
    copies,
    type: (text: string) => edit(document, (shared) => shared.insert(shared.length, text)),
  };
}
const edit = (document: LiveDocument, change: (shared: Y.Text) => void) =>
  document.replica.doc.transact(() => change(document.replica.text), "the reader");
const textOf = (document: LiveDocument) => document.replica.text.toJSON();
const serverText = () => server.doc.getText("content").toJSON();
const until = (check: () => void | Promise<void>) => vi.waitFor(check, { timeout: 5_000, interval: 5 });

describe("a live document", () => {
  test("receives the server's text, sends edits and receives confirmations", async () => {
    const { document, type, store } = visit();
    await until(() => expect(document.synced).toBe(true));
    expect(textOf(document)).toBe("hello\n");
    type("a");
    expect(document.saveState).toEqual({ kind: "saving" });
    await until(() => expect(document.saveState).toEqual({ kind: "saved" }));
    expect(serverText()).toBe("hello\na");
    await until(async () => expect(await store.load("p/f")).toEqual([]));
  });

  test("two pages end with the same text and see each other's cursors", async () => {
    const one = visit(createUnsavedStore({ factory: undefined, onFailure: () => undefined }));
    const two = visit(createUnsavedStore({ factory: undefined, onFailure: () => undefined }));
    await until(() => expect(one.document.synced && two.document.synced).toBe(true));
    one.document.replica.awareness.setLocalState({ user: { id: "1", name: "Ada", color: "#112233" } });
    for (let i = 0; i < 20; i += 1) {
      one.type("1");
      two.type("2");
    }
    await until(() => expect(serverText()).toHaveLength(46));
    await until(() => expect(textOf(one.document)).toBe(serverText()));
    await until(() => expect(textOf(two.document)).toBe(serverText()));
    await until(() =>
      expect([...two.document.replica.awareness.getStates().values()]).toContainEqual({
        user: { id: "1", name: "Ada", color: "#112233" },
      }),
    );
  });

  test("a burst is sent in few messages, a single key at once", async () => {
    const { document, type } = visit();
    await until(() => expect(document.synced).toBe(true));
    const before = server.taken.length;
    for (let i = 0; i < 100; i += 1) type("x");
    await until(() => expect(serverText()).toHaveLength(106));
    expect(server.taken.length - before).toBeLessThanOrEqual(3);
  });
});

describe("[C5] no edit that is stored on this device is lost", () => {
  test("when the server is killed with edits that it has not logged", async () => {
    const { document, type } = visit();
    await until(() => expect(document.synced).toBe(true));
    server.durable = false;
    for (const key of "typed") type(key);
    await until(() => expect(server.taken.length).toBeGreaterThan(1));
    await server.kill();
    type("!");
    expect(serverText()).toBe("hello\n");
    server.durable = true;
    await server.restart();
    await until(() => expect(serverText()).toBe("hello\ntyped!"));
    await until(() => expect(document.saveState).toEqual({ kind: "saved" }));
  });

  test("when the page is reloaded while the server is unreachable", async () => {
    const first = visit();
    await until(() => expect(first.document.synced).toBe(true));
    await server.kill();
    first.type("kept");
    edit(first.document, (shared) => shared.delete(0, 1));
    await first.document.close();

    await server.restart();
    const second = visit();
    await until(() => expect(second.document.synced).toBe(true));
    expect(textOf(second.document)).toBe("ello\nkept");
    await until(() => expect(serverText()).toBe("ello\nkept"));
    await until(() => expect(second.document.saveState).toEqual({ kind: "saved" }));
    await until(async () => expect(await second.store.load("p/f")).toEqual([]));
  });

  test("when two tabs have stored edits of the same file", async () => {
    const one = visit();
    const two = visit();
    await until(() => expect(one.document.synced && two.document.synced).toBe(true));
    await server.kill();
    one.type("one");
    two.type("two");
    await Promise.all([one.document.close(), two.document.close()]);
    expect((await newStore().load("p/f")).length).toBe(2);
    await server.restart();
    const third = visit();
    await until(() => expect(serverText()).toHaveLength(12));
    expect(serverText()).toContain("one");
    expect(serverText()).toContain("two");
    await until(() => expect(third.document.saveState).toEqual({ kind: "saved" }));
  });

  test("a confirmation in one tab keeps the edits of another tab on the device", async () => {
    const store = newStore();
    store.append("p/other", { update: Uint8Array.of(0, 0), generation: 1, edits: 1 });
    await store.flush();
    const { document, type } = visit();
    await until(() => expect(document.synced).toBe(true));
    type("x");
    await until(() => expect(document.saveState).toEqual({ kind: "saved" }));
    expect(await store.load("p/other")).toHaveLength(1);
  });

  test("unconfirmed edits are shown as unsaved on this device, with their number", async () => {
    const { document, type } = visit();
    const states: string[] = [];
    document.onSaveState.on((state) => states.push(JSON.stringify(state)));
    await until(() => expect(document.synced).toBe(true));
    await server.kill();
    for (const key of "12345678901234") type(key);
    await until(() => expect(document.saveState).toEqual({ kind: "unsaved-on-device", changes: 14 }));
    await until(() => expect(states.at(-1)).toBe(JSON.stringify({ kind: "unsaved-on-device", changes: 14 })));
    await server.restart();
    await until(() => expect(states.at(-1)).toBe(JSON.stringify({ kind: "saved" })));
  });
});

test("after the state was read between two frames the next state is emitted, even if it equals the last one emitted", async () => {
  const frames: (() => void)[] = [];
  const frame = (): void => frames.splice(0).forEach((run) => run());
  const { document, type } = visit(newStore(), { ...realTime(), nextFrame: (run) => void frames.push(run) });
  const heard: string[] = [];
  document.onSaveState.on(({ kind }) => heard.push(kind));
  await until(() => expect(document.synced).toBe(true));
  frame();
  const before = heard.length;
  type("a");
  expect(document.saveState.kind).toBe("saving");
  await until(() => expect(document.saveState.kind).toBe("saved"));
  frame();
  expect(heard.slice(before)).toEqual(["saved"]);
});

test("keys that are confirmed one by one change the state once to Saving… and once to Saved, but `unconfirmed` at once", async () => {
  let nowMs = 1_000;
  const { document, type } = visit(newStore(), { ...realTime(), now: () => nowMs });
  await until(() => expect(document.synced).toBe(true));
  const heard: string[] = [];
  document.onSaveState.on(({ kind }) => heard.push(kind));
  for (let key = 0; key < 5; key += 1) {
    type("x");
    expect([document.unconfirmed, document.saveState.kind]).toEqual([1, "saving"]);
    await until(() => expect(document.unconfirmed).toBe(0));
    nowMs += SETTLED_MS / 6;
    expect(document.saveState.kind).toBe("saving");
  }
  nowMs += SETTLED_MS;
  await until(() => expect(heard).toEqual(["saving", "saved"]));
  expect(document.saveState.kind).toBe("saved");
});

describe("a new generation of a document", () => {
  test("is not merged with the old one; unsaved text becomes a copy", async () => {
    const { document, type, copies } = visit();
    await until(() => expect(document.synced).toBe(true));
    server.durable = false;
    type("mine");
    await until(() => expect(server.taken.length).toBeGreaterThan(1));
    server.beginGeneration(2);
    await until(() => expect(textOf(document)).toBe("hello\n"));
    expect(copies.map(({ text }) => text)).toEqual(["hello\nmine"]);
    expect(serverText()).toBe("hello\n");
    const next = visit();
    await until(() => expect(next.copies).toHaveLength(1));
  });

  test("edits that an earlier visit stored for another generation become a copy and are not applied", async () => {
    const first = visit();
    await until(() => expect(first.document.synced).toBe(true));
    await server.kill();
    first.type("stray");
    await first.document.close();
    server.facts = { ...server.facts, generation: 7 };
    await server.restart();
    const second = visit();
    await until(() => expect(second.document.synced).toBe(true));
    expect(textOf(second.document)).toBe("hello\n");
    expect(second.copies.map(({ text }) => text)).toEqual(["stray"]);
    expect(await second.store.load("p/f")).toEqual([]);
  });
});

describe("rights", () => {
  test("a viewer sees edits and sends none", async () => {
    server.facts = { ...server.facts, role: "viewer", readOnly: true };
    const viewer = visit();
    await until(() => expect(viewer.document.synced).toBe(true));
    expect(viewer.document.saveState).toEqual({ kind: "read-only", reason: "role" });
    expect(server.taken).toEqual([]);
    expect(server.connections).toBe(1);
  });

  test("4403 ends the connection and keeps unsaved edits", async () => {
    const { document, type, copies } = visit();
    await until(() => expect(document.synced).toBe(true));
    server.durable = false;
    type("late");
    await until(() => expect(server.taken.length).toBeGreaterThan(1));
    server.closeAll(4403);
    await until(() => expect(document.saveState).toEqual({ kind: "read-only", reason: "rights-taken" }));
    await until(() => expect(copies.map(({ text }) => text)).toEqual(["hello\nlate"]));
    expect(document.ended).toBe(true);
    expect(server.connections).toBe(0);
  });
});

test("no database failed in these tests", () => expect(failures).toEqual([]));
