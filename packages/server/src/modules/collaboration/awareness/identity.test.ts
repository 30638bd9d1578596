import { once } from "node:events";
import { CLOSE, PRESENCE_COLORS } from "@atelier/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as Y from "yjs";
import { actorNamed } from "../../../platform/http/test-edge.ts";
import { openTestCollaboration, until, type TestCollaboration } from "../test-collaboration.ts";
import { awarenessMessage, updateMessage, type SocketClient } from "../test-socket-client.ts";

let fixture: TestCollaboration;
const [alice, bob] = [actorNamed("alice"), actorNamed("bob")];
beforeAll(async () => {
  fixture = await openTestCollaboration();
}, 60_000);
afterAll(() => fixture[Symbol.asyncDispose](), 60_000);
beforeEach(() => fixture.files.roles.set(bob.userId, "editor"));

type Shown = { id: string; name: string; color: string };
const shownBy = (witness: SocketClient, client: { doc: Y.Doc }): Shown | undefined =>
  witness.awareness.getStates().get(client.doc.clientID)?.["user"] as Shown | undefined;

/** The next update that a client with this id would type, based on the document `known`. */
const continueClient = (known: Y.Doc, clientId: number, text: string): Uint8Array => {
  const forged = new Y.Doc();
  Y.applyUpdate(forged, Y.encodeStateAsUpdate(known));
  const before = Y.encodeStateVector(forged);
  forged.clientID = clientId;
  forged.getText("content").insert(0, text);
  return Y.encodeStateAsUpdate(forged, before);
};

describe("identity in awareness", () => {
  it("[C24] name, id and colour are the account's, whatever a client says of itself", async () => {
    fixture.files.roles.set(bob.userId, "viewer");
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const [owner, viewer, stock] = [
      await server.speak(fileId),
      await server.speak(fileId, { user: "bob" }),
      server.join(fileId, { user: "bob" }),
    ];
    viewer.sendAwareness({
      user: { id: alice.userId, name: "alice", color: "#ffffff", title: "boss" },
      selection: null,
    });
    stock.provider.awareness.setLocalStateField("mood", "fine");
    await until(() => shownBy(owner, viewer) !== undefined && shownBy(owner, stock) !== undefined);
    const color = shownBy(owner, viewer)?.color ?? "";
    expect(PRESENCE_COLORS).toContain(color);
    expect(shownBy(owner, viewer)).toEqual({ id: bob.userId, name: "bob", color });
    expect(shownBy(owner, stock)).toEqual({ id: bob.userId, name: "bob", color });
    expect(owner.awareness.getStates().get(stock.doc.clientID)).toMatchObject({ mood: "fine" });
    owner.sendAwareness({ user: { color } });
    await until(() => shownBy(viewer, owner) !== undefined);
    expect(shownBy(viewer, owner)).toMatchObject({ id: alice.userId, name: "alice" });
    expect(shownBy(viewer, owner)?.color).not.toBe(color);
    // Stock clients keep working: their own state is what they set, with the account's user.
    await until(() => stock.provider.awareness.getStates().has(owner.doc.clientID));
    expect(stock.provider.awareness.getLocalState()).toEqual({ mood: "fine" });
    const { people } = server.collaboration.sessions(fixture.files.projectId);
    expect(people.find(({ userId }) => userId === bob.userId)?.color).toBe(color);
    await server.stop();
  });

  it.each([
    ["a string", '"alice"'],
    ["a list", "[]"],
    ["a number", "1"],
  ])("[C26] an awareness state that is %s closes with 4400", async (_what, state) => {
    const server = await fixture.serve();
    const socket = await server.dial(await fixture.files.add(""));
    const closed = once(socket, "close") as Promise<[number]>;
    socket.send(awarenessMessage([{ client: 1, clock: 1, state }]));
    expect((await closed)[0]).toBe(CLOSE.badMessage);
    await server.stop();
  });
});

describe("owners of client ids", () => {
  it("[C57] an update that continues another user's live client id is refused, and that user types on", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("text\n");
    const [owner, forger, witness] = [
      await server.speak(fileId),
      await server.speak(fileId, { user: "bob" }),
      await server.speak(fileId),
    ];
    await until(() => [owner, forger, witness].every((client) => client.isSynced));
    owner.insert(0, "mine ");
    await until(() => forger.text === "mine text\n");
    forger.sendUpdate(continueClient(forger.doc, owner.doc.clientID, "forged "));
    await until(() => forger.closeCode !== undefined);
    expect(forger.closeCode).toBe(CLOSE.badMessage);
    // The same as a sync answer, and when only the user's cursor is known.
    const [again, idle] = [await server.speak(fileId, { user: "bob" }), await server.speak(fileId)];
    await until(() => again.isSynced && idle.isSynced);
    idle.sendAwareness({});
    await until(() => again.awareness.getStates().has(idle.doc.clientID));
    again.sendUpdate(continueClient(again.doc, idle.doc.clientID, "forged "), 1);
    await until(() => again.closeCode !== undefined);
    expect(again.closeCode).toBe(CLOSE.badMessage);
    owner.insert(0, "still ");
    idle.insert(0, "and idle ");
    await until(() => owner.saved === owner.sent && idle.saved === idle.sent);
    await until(() => witness.text === owner.text && owner.text === idle.text);
    expect(["and idle still mine text\n", "still and idle mine text\n"]).toContain(witness.text);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe(witness.text);
  });

  it("[C57] the same user goes on with an id after a reconnect, over several connections", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const [client, second] = [server.join(fileId), server.join(fileId)];
    await until(() => client.provider.synced && second.provider.synced);
    client.type(0, "one ");
    await until(() => second.text() === "one ");
    client.provider.disconnect();
    client.type(4, "two ");
    client.provider.connect();
    await until(() => second.text() === "one two ");
    client.type(8, "three");
    await until(() => second.text() === "one two three");
    expect(client.provider.wsconnected).toBe(true);
    await server.stop();
  });

  it("[C57] another connection of the same user may bring what that user typed", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const [first, second] = [await server.speak(fileId), await server.speak(fileId)];
    await until(() => first.isSynced && second.isSynced);
    first.insert(0, "one");
    await until(() => second.text === "one");
    second.sendUpdate(continueClient(second.doc, first.doc.clientID, "zero "));
    await until(() => first.text === "zero one" && second.saved === second.sent);
    expect(second.closeCode).toBeUndefined();
    await server.stop();
  });

  it.each(["while it is connected", "after it left"])(
    "[C57] what a guest typed is brought by the account that it became, once its sign-in ended %s",
    async (when) => {
      const server = await fixture.serve();
      const fileId = await fixture.files.add("");
      const guest = await server.speak(fileId, { user: "bob" });
      await until(() => guest.isSynced);
      guest.insert(0, "saved ");
      await until(() => guest.saved === guest.sent);
      const device = continueClient(guest.doc, guest.doc.clientID, "left on the device ");
      if (when === "after it left") {
        guest.socket.close();
        await until(() => guest.closeCode !== undefined);
      }
      fixture.bus.publish("sign-in-ended", { signInId: bob.signInId });
      const account = await server.speak(fileId);
      await until(() => account.isSynced);
      account.sendUpdate(device);
      await until(() => account.closeCode !== undefined || account.saved === account.sent);
      expect(account.closeCode).toBeUndefined();
      await server.stop();
      expect(fixture.files.text(fileId)).toBe("left on the device saved ");
    },
  );

  it("[C57] a viewer can't take the id of somebody who is away by announcing itself under it", async () => {
    const first = await fixture.serve();
    const fileId = await fixture.files.add("");
    const doc = new Y.Doc();
    const before = first.join(fileId, { doc });
    await until(() => before.provider.synced);
    before.type(0, "mine");
    await until(() => first.collaboration.sessions(fixture.files.projectId).documents.length === 1);
    const proof = await first.speak(fileId);
    await until(() => proof.text === "mine");
    await first.stop();
    fixture.files.roles.set(bob.userId, "viewer");
    const server = await fixture.serve();
    const thief = await server.dial(fileId, { user: "bob" });
    thief.send(awarenessMessage([{ client: doc.clientID, clock: 1_000, state: "{}" }]));
    const witness = await server.speak(fileId);
    await until(() => witness.isSynced);
    expect(witness.awareness.getStates().has(doc.clientID)).toBe(false);
    const back = server.join(fileId, { doc });
    await until(() => back.provider.synced);
    back.type(4, " again");
    await until(() => witness.text === "mine again");
    await server.stop();
  });
});

describe("what is logged and relayed", () => {
  const logged = async (fileId: string): Promise<{ rows: number; bytes: number }> => {
    const [row] = await fixture.database.sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ rows: number; bytes: number }>(
        "select count(*)::int as rows, sum(octet_length(update))::int as bytes from document_log where file_id = $1 and kind <> 'checkpoint'",
        [fileId],
      ),
    );
    return row ?? { rows: 0, bytes: 0 };
  };

  it.each([
    ["an update", 2],
    ["a sync answer", 1],
  ])(
    "[C55] %s with meaningless bytes is refused with 4400, neither logged nor relayed",
    async (_what, subType) => {
      const server = await fixture.serve();
      const fileId = await fixture.files.add("small\n");
      const witness = await server.speak(fileId);
      await until(() => witness.isSynced);
      let received = 0;
      witness.socket.on("message", (data: Buffer) => (received += data.byteLength));
      for (const bytes of [1, 100_000, 5 * 1024 * 1024]) {
        const sender = await server.dial(fileId);
        const closed = once(sender, "close") as Promise<[number]>;
        const update = new Uint8Array(2 + bytes).fill(7, 2);
        sender.send(updateMessage(update, subType));
        expect((await closed)[0]).toBe(CLOSE.badMessage);
      }
      expect(await logged(fileId)).toMatchObject({ rows: 1 });
      expect(received).toBeLessThan(1_000);
      await server.stop();
    },
    20_000,
  );

  it("[C56] what the document already has is confirmed, and neither logged nor relayed again", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("seed\n");
    const [sender, witness] = [await server.speak(fileId), await server.speak(fileId)];
    await until(() => sender.isSynced && witness.isSynced);
    sender.insert(0, "x".repeat(50_000));
    sender.doc.getText("content").delete(0, 49_000);
    await until(() => sender.saved === sender.sent && witness.text === sender.text);
    const before = await logged(fileId);
    const frames = witness.messageTypes.length;
    const whole = Y.encodeStateAsUpdate(sender.doc);
    const deletions = Y.encodeStateAsUpdate(sender.doc, Y.encodeStateVector(sender.doc));
    for (let n = 0; n < 20; n += 1) for (const update of [whole, deletions]) sender.sendUpdate(update);
    await until(() => sender.saved === sender.sent, "the repetitions to be confirmed");
    expect(await logged(fileId)).toEqual(before);
    expect(witness.messageTypes.length).toBe(frames);
    // Of the whole document with one new character only that character is logged.
    sender.doc.transact(() => sender.doc.getText("content").insert(0, "!"), sender);
    sender.sendUpdate(Y.encodeStateAsUpdate(sender.doc));
    await until(() => sender.saved === sender.sent && witness.text === sender.text);
    const after = await logged(fileId);
    expect(after.rows).toBe(before.rows + 1);
    expect(after.bytes - before.bytes).toBeLessThan(500);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe(sender.text);
  }, 20_000);

  it("[C56] an update that waits for earlier structs is kept once", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const sender = await server.speak(fileId);
    await until(() => sender.isSynced);
    const other = new Y.Doc();
    other.getText("content").insert(0, "first ");
    const first = Y.encodeStateAsUpdate(other);
    const vector = Y.encodeStateVector(other);
    other.getText("content").insert(6, "second ");
    const second = Y.encodeStateAsUpdate(other, vector);
    for (let n = 0; n < 10; n += 1) sender.sendUpdate(second);
    await until(() => sender.saved === sender.sent);
    expect((await logged(fileId)).rows).toBe(2);
    sender.sendUpdate(first);
    await until(() => sender.saved === sender.sent);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("first second ");
  });

  it("[C56] deletions of unknown structs are refused with 4400 above their limit", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const [hostile, honest] = [await server.dial(fileId), await server.speak(fileId)];
    await until(() => honest.isSynced);
    const closed = once(hostile, "close") as Promise<[number]>;
    for (let n = 0; n < 20; n += 1) {
      const doc = new Y.Doc();
      for (let at = 0; at < 200; at += 1) doc.getText("content").insert(0, "ab");
      for (let at = 0; at < 200; at += 1) doc.getText("content").delete(at, 1);
      hostile.send(updateMessage(Y.encodeStateAsUpdate(doc, Y.encodeStateVector(doc))));
    }
    expect((await closed)[0]).toBe(CLOSE.badMessage);
    honest.insert(0, "fine");
    honest.doc.getText("content").delete(0, 2);
    await until(() => honest.saved === honest.sent);
    expect((await logged(fileId)).rows).toBeLessThan(10);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("ne");
  });

  it("[C4] a sync request that names far more clients than there are is refused with 4400", async () => {
    const server = await fixture.serve();
    const socket = await server.dial(await fixture.files.add("a"));
    const closed = once(socket, "close") as Promise<[number]>;
    const vector = Y.encodeStateVector(new Map(Array.from({ length: 200_000 }, (_none, client) => [client, 1])));
    socket.send(updateMessage(vector, 0));
    expect((await closed)[0]).toBe(CLOSE.badMessage);
    await server.stop();
  });
});
