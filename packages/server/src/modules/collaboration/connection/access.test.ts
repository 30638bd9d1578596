import { once } from "node:events";
import { CLOSE, type Role, routes } from "@atelier/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import type { RightsHolder } from "#platform/channels";
import { actorNamed } from "../../../platform/http/test-edge.ts";
import { openTestCollaboration, until, type TestCollaboration } from "../test-collaboration.ts";
import { awarenessMessage, SocketClient, updateMessage } from "../test-socket-client.ts";

let fixture: TestCollaboration;
const bob = actorNamed("bob");
beforeAll(async () => {
  fixture = await openTestCollaboration();
}, 60_000);
afterAll(() => fixture[Symbol.asyncDispose](), 60_000);
beforeEach(() => fixture.files.roles.delete(bob.userId));

const editOf = (text: string): Uint8Array => {
  const doc = new Y.Doc();
  doc.getText("content").insert(0, text);
  return Y.encodeStateAsUpdate(doc);
};

describe("rights of connections", () => {
  it("[C14] a user without access gets the same answer as for an unknown file: 4404", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("secret");
    const [hidden, unknown] = await Promise.all([
      server.speak(fileId, { user: "bob" }),
      server.speak("01900000-0000-7000-8000-000000000001"),
    ]);
    const malformed = await server.speak("no-id");
    await until(() => [hidden, unknown, malformed].every((client) => client.closeCode === CLOSE.notFound));
    expect(hidden.text).toBe("");
    await server.stop();
  });

  it("[C15] a viewer receives edits and cursors, and no edit that it sends changes the document", async () => {
    fixture.files.roles.set(bob.userId, "viewer");
    const server = await fixture.serve();
    const fileId = await fixture.files.add("look\n");
    const owner = await server.speak(fileId);
    const viewer = await server.speak(fileId, { user: "bob" });
    await until(() => owner.isSynced && viewer.isSynced);
    expect(viewer.facts).toEqual([{ generation: 1, role: "viewer", readOnly: true, reason: "role", eol: "lf" }]);
    viewer.sendAwareness({ user: { name: "Bob" } });
    await until(() => owner.awareness.getStates().has(viewer.doc.clientID));
    owner.insert(0, "> ");
    await until(() => viewer.text === "> look\n");

    viewer.sendUpdate(editOf("smuggled"), 1);
    viewer.sendUpdate(Uint8Array.of(0xff, 0xff), 1);
    owner.insert(0, "!");
    await until(() => viewer.text === "!> look\n");
    expect(server.audited.map((entry) => [entry.action, entry.userId])).toEqual([
      ["document.edit", fixture.files.ownerId],
    ]);
    expect(viewer.closeCode).toBeUndefined();
    viewer.sendUpdate(editOf("smuggled"));
    await until(() => viewer.closeCode === CLOSE.rightsTaken);
    expect(owner.text).toBe("!> look\n");
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("!> look\n");
  });

  it("[C15] a stock client of a viewer stays connected after a reconnect", async () => {
    fixture.files.roles.set(bob.userId, "viewer");
    const server = await fixture.serve();
    const fileId = await fixture.files.add("look\n");
    const owner = server.join(fileId);
    const viewer = server.join(fileId, { user: "bob" });
    await until(() => viewer.provider.synced && owner.provider.synced);
    owner.type(0, "", 2);
    await until(() => viewer.text() === "ok\n");
    viewer.provider.disconnect();
    viewer.provider.connect();
    await until(() => viewer.provider.synced);
    owner.type(0, "l");
    await until(() => viewer.text() === "lok\n");
    expect(viewer.provider.shouldConnect).toBe(true);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("lok\n");
  });

  it("[C16] the regular check finds removed rights and ended sign-ins whose notification was lost", async () => {
    fixture.files.roles.set(bob.userId, "editor");
    const holders = new Set<RightsHolder>();
    const server = await fixture.serve({
      rechecks: { watch: (holder) => (holders.add(holder), () => void holders.delete(holder)) },
    });
    const fileId = await fixture.files.add("");
    const [leaving, signedOut] = [await server.speak(fileId, { user: "bob" }), await server.speak(fileId)];
    await until(() => leaving.isSynced && signedOut.isSynced);
    const holderOf = (userId: string) => [...holders].find((holder) => holder.userId === userId);
    expect(holderOf(bob.userId)).toMatchObject({ projectId: fixture.files.projectId });
    fixture.files.roles.delete(bob.userId);
    holderOf(bob.userId)?.rightsChanged({});
    await until(() => leaving.closeCode === 4403);
    await until(() => holders.size === 1);
    [...holders][0]?.signedOut();
    await until(() => signedOut.closeCode === 4401);
    await until(() => holders.size === 0);
    await server.stop();
  });

  it("[C16] a change of rights looks the role up: none is 4403, a lower one is read-only, a higher one may edit", async () => {
    fixture.files.roles.set(bob.userId, "editor");
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const client = await server.speak(fileId, { user: "bob" });
    await until(() => client.isSynced);
    const change = (role: "viewer" | "editor" | undefined): void => {
      if (role === undefined) fixture.files.roles.delete(bob.userId);
      else fixture.files.roles.set(bob.userId, role);
      fixture.bus.publish("rights-changed", { projectId: fixture.files.projectId, userId: bob.userId });
    };
    change("viewer");
    await until(() => client.facts.at(-1)?.readOnly === true);
    change("editor");
    await until(() => client.facts.at(-1)?.readOnly === false);
    client.insert(0, "kept");
    await until(() => client.saved === client.sent);
    // The look-up of the role is slow; updates that are sent meanwhile must not be accepted.
    const { roleOf } = fixture.files.projects;
    const answer = Promise.withResolvers<undefined>();
    fixture.files.projects.roleOf = () => answer.promise;
    change(undefined);
    client.insert(0, "late ");
    await client.roundTrip();
    answer.resolve(undefined);
    await until(() => client.closeCode === CLOSE.rightsTaken);
    fixture.files.projects.roleOf = roleOf;
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("kept");
  });

  it("[C16] when the role can't be looked up the socket closes with 1013", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    const { roleOf } = fixture.files.projects;
    fixture.files.projects.roleOf = () => Promise.reject(new Error("planted"));
    fixture.bus.publish("rights-changed", { projectId: fixture.files.projectId });
    await until(() => client.closeCode !== undefined);
    fixture.files.projects.roleOf = roleOf;
    expect(client.closeCode).toBe(CLOSE.overloaded);
    await server.stop();
  });

  it("[C17] a sign-in that ends closes its sockets with 4401, a removed file closes with 4404", async () => {
    const server = await fixture.serve();
    const [first, second] = [await fixture.files.add(""), await fixture.files.add("")];
    const signedOut = await server.speak(first);
    await until(() => signedOut.isSynced);
    fixture.bus.publish("sign-in-ended", { signInId: actorNamed("alice").signInId });
    await until(() => signedOut.closeCode !== undefined);
    expect(signedOut.closeCode).toBe(CLOSE.signedOut);
    const removed = await server.speak(second);
    await until(() => removed.isSynced);
    fixture.files.remove(second);
    fixture.bus.publish("files-removed", { projectId: fixture.files.projectId, fileIds: [second] });
    await until(() => removed.closeCode !== undefined);
    expect(removed.closeCode).toBe(CLOSE.notFound);
    await server.stop();
  });

  it("[C17] a sign-in that ends while its document opens is closed with 4401, and edits nothing", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("text");
    const { readStored } = fixture.files.atRest;
    const reading = Promise.withResolvers<undefined>();
    let isAsked = false;
    fixture.files.atRest.readStored = async (...what) => {
      isAsked = true;
      await reading.promise;
      return readStored(...what);
    };
    const client = await server.speak(fileId);
    client.insert(0, "after the end: ");
    await until(() => isAsked);
    fixture.bus.publish("sign-in-ended", { signInId: actorNamed("alice").signInId });
    fixture.files.atRest.readStored = readStored;
    reading.resolve(undefined);
    await until(() => client.closeCode !== undefined);
    expect(client.closeCode).toBe(CLOSE.signedOut);
    expect(server.collaboration.sessions(fixture.files.projectId).documents).toEqual([]);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("text");
  });

  it("[C16] of several changes in a row only the newest look-up counts, whatever the order of their answers", async () => {
    fixture.files.roles.set(bob.userId, "editor");
    const server = await fixture.serve();
    const fileId = await fixture.files.add("text");
    const client = await server.speak(fileId, { user: "bob" });
    await until(() => client.isSynced && client.saved === client.sent);
    const { roleOf } = fixture.files.projects;
    const answers: PromiseWithResolvers<Role | undefined>[] = [];
    fixture.files.projects.roleOf = () => {
      const answer = Promise.withResolvers<Role | undefined>();
      answers.push(answer);
      return answer.promise;
    };
    const change = (): void =>
      fixture.bus.publish("rights-changed", { projectId: fixture.files.projectId, userId: bob.userId });
    // An answer is applied in the same turn of the event loop; the client gets the message afterwards.
    const settle = async (): Promise<void> => {
      await new Promise((resolve) => setImmediate(resolve));
      await client.roundTrip();
    };
    change();
    change();
    answers[1]?.resolve("viewer");
    await until(() => client.facts.at(-1)?.role === "viewer");
    answers[0]?.resolve("editor");
    await settle();
    expect(client.facts.at(-1)?.role).toBe("viewer");
    change();
    change();
    answers[2]?.reject(new Error("planted"));
    await settle();
    answers[3]?.resolve("editor");
    await until(() => client.facts.at(-1)?.role === "editor");
    change();
    change();
    answers[4]?.resolve("editor");
    // That answer is older than the last change: updates that are sent now still wait.
    client.insert(0, "not ");
    await settle();
    answers[5]?.resolve("viewer");
    await until(() => client.closeCode !== undefined);
    expect(client.closeCode).toBe(CLOSE.rightsTaken);
    fixture.files.projects.roleOf = roleOf;
    await server.stop();
    expect(fixture.files.saves.filter((save) => save.fileId === fileId)).toEqual([]);
  });

  it("[C18] a client of another generation is closed with 4409", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const right = await server.speak(fileId, { query: "generation=1" });
    const wrong = await server.speak(fileId, { query: "generation=2" });
    await until(() => right.isSynced && wrong.closeCode !== undefined);
    expect(wrong.closeCode).toBe(CLOSE.generationChanged);
    await server.stop();
  });

  it("[C52] a file id named in another project delays and hides nothing in the file's own project", async () => {
    const fileId = await fixture.files.add("kept");
    const { readStored } = fixture.files.atRest;
    const reading = Promise.withResolvers<undefined>();
    const asked: string[] = [];
    fixture.files.atRest.readStored = async (projectId, ...what) => {
      asked.push(projectId);
      if (projectId === fixture.files.emptyProjectId) await reading.promise;
      return readStored(projectId, ...what);
    };
    const server = await fixture.serve();
    const intruder = await server.speak(fileId, { user: "bob", projectId: fixture.files.emptyProjectId });
    await until(
      () => asked.includes(fixture.files.emptyProjectId),
      "the opening in the wrong project to be in progress",
    );
    // That opening never ends: the document in its own project must not wait for it.
    const rightful = await server.speak(fileId);
    await until(() => rightful.isSynced, "the client of the right project to be synced");
    rightful.insert(0, "acknowledged, ");
    await until(() => rightful.saved === rightful.sent);
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe("acknowledged, kept");
    reading.resolve(undefined);
    await until(() => intruder.closeCode !== undefined);
    fixture.files.atRest.readStored = readStored;
    expect(intruder.closeCode).toBe(CLOSE.notFound);
    expect(rightful.closeCode).toBeUndefined();
    await server.stop();
  });

  it("[C19] sessions name a person once, with all files and the number of connections", async () => {
    fixture.files.roles.set(bob.userId, "viewer");
    const server = await fixture.serve();
    const [one, two] = [await fixture.files.add("", "one.py"), await fixture.files.add("", "two.py")];
    /** Connects one after the other: sessions are listed in the order of joining. */
    const enter = async (fileId: string, how: { user?: string } = {}) => {
      const client = await server.speak(fileId, how);
      await until(() => client.isSynced);
      return client;
    };
    const clients = [await enter(one), await enter(one), await enter(two), await enter(two, { user: "bob" })];
    const { documents, people } = server.collaboration.sessions(fixture.files.projectId);
    const alice = { userId: fixture.files.ownerId, name: "alice", role: "owner" };
    expect(documents).toMatchObject([
      { fileId: one, participants: [{ ...alice, connections: 2 }] },
      {
        fileId: two,
        participants: [
          { ...alice, connections: 1 },
          { name: "bob", role: "viewer", connections: 1 },
        ],
      },
    ]);
    expect(documents.map(({ participants }) => participants.length)).toEqual([1, 2]);
    expect(people).toHaveLength(2);
    expect(people).toMatchObject([
      {
        ...alice,
        files: [
          { fileId: one, path: "one.py", connections: 2 },
          { fileId: two, path: "two.py", connections: 1 },
        ],
      },
      { userId: bob.userId, files: [{ fileId: two, connections: 1 }] },
    ]);
    clients[0]?.socket.close();
    await until(
      () => server.collaboration.sessions(fixture.files.projectId).people[0]?.files[0]?.connections === 1,
      "the closed connection to be gone",
    );
    await server.stop();
  });

  it("[C19] sessions list the users of each document, for users with access to the project", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("", "main.py");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    const path = `/api${routes.liveSessions.path.replace(":projectId", fixture.files.projectId)}`;
    const ask = (user: string) =>
      fetch(server.origin + path, { headers: { authorization: `Bearer token-of-${user}` } });
    const answer = (await (await ask("alice")).json()) as { documents: object[] };
    expect(answer.documents).toMatchObject([
      { fileId, path: "main.py", participants: [{ name: "alice", role: "owner", userId: fixture.files.ownerId }] },
    ]);
    expect((await ask("bob")).status).toBe(404);
    await server.stop();
  });
});

describe("awareness", () => {
  it("[C24] a client id belongs to the connection that brought it, and leaves with it", async () => {
    fixture.files.roles.set(bob.userId, "editor");
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const [alice, mallory, witness] = [
      await server.speak(fileId),
      await server.speak(fileId, { user: "bob" }),
      await server.speak(fileId),
    ];
    alice.sendAwareness({ name: "Alice" });
    const shown = () => witness.awareness.getStates().get(alice.doc.clientID)?.["name"] as string | undefined;
    await until(() => shown() === "Alice");
    mallory.socket.send(
      awarenessMessage([{ client: alice.doc.clientID, clock: 1_000, state: '{"name":"not Alice"}' }]),
    );
    mallory.socket.send(awarenessMessage([{ client: alice.doc.clientID, clock: 1_001, state: "null" }]));
    mallory.sendAwareness({ name: "Mallory" });
    await until(() => witness.awareness.getStates().has(mallory.doc.clientID));
    expect(shown()).toBe("Alice");
    alice.socket.close();
    await until(() => shown() === undefined, "Alice to leave");
    // An echo of Alice's last state does not add her again, whoever sends it.
    const echo = awarenessMessage([{ client: alice.doc.clientID, clock: 1, state: '{"name":"ghost"}' }]);
    const bobs = await server.dial(fileId, { user: "bob" });
    bobs.send(echo);
    bobs.ping();
    await once(bobs, "pong");
    mallory.socket.send(echo);
    // Messages sent after the echoes are relayed after them.
    mallory.sendAwareness({ name: "Mallory", mark: "later" });
    await until(() => witness.awareness.getStates().get(mallory.doc.clientID)?.["mark"] === "later");
    expect(shown()).toBeUndefined();
    const late = await server.speak(fileId);
    await until(() => late.awareness.getStates().has(mallory.doc.clientID));
    expect(late.awareness.getStates().has(alice.doc.clientID)).toBe(false);
    await server.stop();
  });

  it("[C25] many changes are sent at most every 100 ms, and a new connection gets all present states", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const [one, two] = [await server.speak(fileId), await server.speak(fileId)];
    await until(() => one.isSynced && two.isSynced);
    const startMs = performance.now();
    for (let n = 0; n < 100; n += 1) {
      one.sendAwareness({ n });
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await until(() => two.awareness.getStates().get(one.doc.clientID)?.["n"] === 99);
    const frames = two.messageTypes.filter((type) => type === 1).length;
    expect(frames).toBeLessThanOrEqual(Math.ceil((performance.now() - startMs) / 100) + 2);
    const late = await server.speak(fileId);
    await until(() => late.awareness.getStates().get(one.doc.clientID)?.["n"] === 99);
    await server.stop();
  });
});

describe("hostile and slow clients", () => {
  it("[C26] each kind of bad message has its close code, and other connections are not affected", async () => {
    const server = await fixture.serve({ limits: { maxUpdateBytes: 100_000, messages: { burst: 50, perSecond: 1 } } });
    const fileId = await fixture.files.add("fine");
    const good = await server.speak(fileId);
    await until(() => good.isSynced);
    const mapUpdate = (): Uint8Array => {
      const doc = new Y.Doc();
      doc.getMap("content").set("a", new Y.Map());
      return Y.encodeStateAsUpdate(doc);
    };
    const cases: [string | Uint8Array, number][] = [
      ["text", CLOSE.badMessage],
      [Uint8Array.of(), CLOSE.badMessage],
      [Uint8Array.of(0, 9), CLOSE.badMessage],
      [Uint8Array.of(0, 2, 200, 1), CLOSE.badMessage],
      [updateMessage(Uint8Array.of(1, 1, 1, 1, 1)), CLOSE.badMessage],
      [updateMessage(mapUpdate()), CLOSE.badMessage],
      [updateMessage(Uint8Array.of(9, 9, 9), 0), CLOSE.badMessage],
      [awarenessMessage([{ client: 1, clock: 1, state: "{not json" }]), CLOSE.badMessage],
      [awarenessMessage([{ client: 1, clock: 1, state: JSON.stringify("a".repeat(20_000)) }]), CLOSE.tooLarge],
      [updateMessage(editOf("a".repeat(100_000))), CLOSE.tooLarge],
    ];
    for (const [message, code] of cases) {
      const socket = await server.dial(fileId);
      const closed = once(socket, "close") as Promise<[number]>;
      socket.send(message);
      expect([String(message).slice(0, 20), (await closed)[0]]).toEqual([String(message).slice(0, 20), code]);
    }
    const fast = await server.dial(fileId);
    const closed = once(fast, "close") as Promise<[number]>;
    for (let n = 0; n < 60; n += 1) fast.send(Uint8Array.of(3));
    expect((await closed)[0]).toBe(CLOSE.tooFast);
    good.insert(0, "still ");
    await until(() => good.saved === good.sent);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("still fine");
  });

  it("[C27] random frames never affect other connections", async () => {
    const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >>> 8) % below;
    };
    const server = await fixture.serve();
    const fileId = await fixture.files.add("intact");
    const witness = await server.speak(fileId);
    await until(() => witness.isSynced);
    let refused = 0;
    for (let round = 0; round < 150; round += 1) {
      const socket = await server.dial(fileId);
      const template =
        round % 3 === 0 ? updateMessage(editOf("abc")) : awarenessMessage([{ client: round, clock: 1, state: "{}" }]);
      const frame =
        round % 2 === 0 ? Uint8Array.from({ length: random(60) }, () => random(256)) : Uint8Array.from(template);
      if (frame.length > 0 && round % 2 === 1) frame[random(frame.length)] = random(256);
      socket.on("close", (code) => (refused += code >= 4400 ? 1 : 0));
      socket.send(frame);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    witness.insert(0, "!");
    await until(() => witness.saved === witness.sent, `the witness with SEED=${seed}`);
    expect(refused, `SEED=${seed}`).toBeGreaterThan(20);
    const reader = await server.speak(fileId);
    await until(() => reader.isSynced && reader.text === witness.text, `agreement with SEED=${seed}`);
    await server.stop();
    expect(fixture.files.text(fileId), `SEED=${seed}`).toContain("intact");
  }, 30_000);

  it("[C28] connections that stop reading are closed with 1013, others get everything, and memory stays bounded", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const [typist, reader] = [await server.speak(fileId), await server.speak(fileId)];
    await until(() => typist.isSynced && reader.isSynced);
    const stalled = await Promise.all(Array.from({ length: 5 }, () => server.dial(fileId)));
    const codes: number[] = [];
    for (const socket of stalled) {
      socket.on("close", (code) => codes.push(code));
      socket.pause();
    }
    for (let n = 0; n < 20; n += 1) {
      typist.insert(0, "x".repeat(500_000));
      typist.doc.getText("content").delete(0, 500_000);
      await until(() => typist.saved === typist.sent);
    }
    await until(
      () => server.collaboration.sessions(fixture.files.projectId).documents[0]?.participants[0]?.connections === 2,
    );
    for (const socket of stalled) socket.resume();
    await until(() => codes.length === stalled.length);
    expect(codes).toEqual(stalled.map(() => CLOSE.overloaded));
    typist.insert(0, "end");
    await until(() => reader.text === "end");
    expect(reader).toBeInstanceOf(SocketClient);
    await server.stop();
  }, 30_000);
});
