import { once } from "node:events";
import { CLOSE, MAX_DOCUMENT_BYTES, MESSAGE } from "@atelier/contracts";
import * as encoding from "lib0/encoding";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import * as Y from "yjs";
import { silentLog } from "#kernel/log";
import { GROWTH_SLACK_BYTES } from "./text-limit.ts";
import type { WorkOf } from "../materialise/fair-turns.ts";
import { createMaterialiser } from "../materialise/materialiser.ts";
import { packUpdates } from "../materialise/materialise.ts";
import { openTestCollaboration, until, type TestCollaboration } from "../test-collaboration.ts";
import { awarenessMessage, updateMessage } from "../test-socket-client.ts";

const MIB = 1024 * 1024;

let fixture: TestCollaboration;
beforeAll(async () => {
  fixture = await openTestCollaboration();
}, 60_000);
afterAll(() => fixture[Symbol.asyncDispose](), 60_000);

/** `count` characters that are all inserted at the beginning: applying them costs the square of their number. */
const quadraticUpdate = (count: number, firstClient = 1): Uint8Array =>
  encoding.encode((encoder) => {
    const write = (...numbers: number[]): void => numbers.forEach((number) => encoding.writeVarUint(encoder, number));
    write(2, 1, firstClient + 1, 0);
    // A string without neighbours in the root text, then strings whose right neighbours are its characters.
    encoding.writeUint8(encoder, 4);
    write(1);
    encoding.writeVarString(encoder, "content");
    encoding.writeVarString(encoder, "a".repeat(count + 1));
    write(count, firstClient, 0);
    for (let at = 0; at < count; at += 1) {
      encoding.writeUint8(encoder, 0x44);
      write(firstClient + 1, count - at);
      encoding.writeVarString(encoder, "x");
    }
    write(0);
  });

const workOf = (fileId: string): WorkOf => ({ ownerId: "the owner", projectId: "project", fileId });

describe("how large a document may grow", () => {
  it("[C43] at 5 MiB a client that adds more is closed with 4413; acknowledged text stays, and others continue", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("begin\n");
    const [greedy, other] = [await server.speak(fileId), await server.speak(fileId)];
    await until(() => greedy.isSynced && other.isSynced);
    let acknowledged = "";
    for (let n = 0; greedy.closeCode === undefined; n += 1) {
      expect(n).toBeLessThan(40);
      greedy.insert(0, `${String(n % 10).repeat(256 * 1024 - 1)}\n`);
      await until(() => greedy.saved === greedy.sent || greedy.closeCode !== undefined);
      if (greedy.closeCode === undefined) acknowledged = greedy.text;
    }
    expect(greedy.closeCode).toBe(CLOSE.tooLarge);
    expect(acknowledged.length).toBeGreaterThan(MAX_DOCUMENT_BYTES - GROWTH_SLACK_BYTES);
    expect(acknowledged.length).toBeLessThanOrEqual(MAX_DOCUMENT_BYTES + GROWTH_SLACK_BYTES);
    await until(() => other.text === acknowledged, "the other to see what was acknowledged");
    // Removing text is no growth, and frees space.
    other.doc.getText("content").delete(0, MIB);
    await until(() => other.saved === other.sent);
    other.insert(0, "there is space again\n");
    await until(() => other.saved === other.sent);
    expect(other.closeCode).toBeUndefined();
    await server.stop();
    expect(fixture.files.text(fileId)).toBe(other.text);
    expect(fixture.files.text(fileId)).toBe(`there is space again\n${acknowledged.slice(MIB)}`);
  }, 60_000);

  it("[C43] a single update is judged by the text that it makes", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const first = await server.speak(fileId);
    await until(() => first.isSynced);
    first.insert(0, "a".repeat(3 * MIB));
    await until(() => first.saved === first.sent);
    // Three for three is no growth, three more are too much.
    first.doc.transact(() => {
      first.doc.getText("content").delete(0, 3 * MIB);
      first.doc.getText("content").insert(0, "b".repeat(3 * MIB));
    });
    await until(() => first.saved === first.sent || first.closeCode !== undefined, "the replacement");
    expect(first.closeCode).toBeUndefined();
    first.insert(0, "c".repeat(3 * MIB));
    // Updates after a refused one are not accepted: they would lack their predecessor.
    first.insert(0, "d");
    await until(() => first.closeCode !== undefined);
    expect(first.closeCode).toBe(CLOSE.tooLarge);
    const reader = await server.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.text).toBe("b".repeat(3 * MIB));
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("b".repeat(3 * MIB));
  }, 30_000);

  it("[C43] line ends of two bytes count as they are written", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("a\r\nb\r\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    client.insert(0, "\n".repeat(3 * MIB));
    await until(() => client.closeCode !== undefined || client.saved === client.sent);
    expect(client.closeCode).toBe(CLOSE.tooLarge);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("a\r\nb\r\n");
  });

  it("[C50] a document of a full account refuses more text, accepts deletions, and accepts text again when there is space", async () => {
    const server = await fixture.serve({ times: { checkpointIdleMs: 20 } });
    const fileId = await fixture.files.add("some text\n");
    const [first, second] = [await server.speak(fileId), await server.speak(fileId)];
    await until(() => first.isSynced && second.isSynced);
    fixture.files.state.isFull = true;
    first.insert(0, "the last drop: ");
    await until(() => fixture.files.text(fileId).startsWith("the last drop"));
    await until(() => first.saved === first.sent);
    first.insert(0, "one more");
    await until(() => first.closeCode === CLOSE.tooLarge);
    expect(second.closeCode).toBeUndefined();
    fixture.files.state.isFull = false;
    second.doc.getText("content").delete(0, 4);
    await until(() => fixture.files.text(fileId) === "last drop: some text\n");
    await until(() => second.saved === second.sent);
    second.insert(0, "a ");
    await until(() => second.saved === second.sent);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("a last drop: some text\n");
  });

  it("[C44] endless typing and deleting does not grow the memory and snapshots of a document", async () => {
    const server = await fixture.serve({ times: { snapshotMs: 50 } });
    const fileId = await fixture.files.add("short\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    for (let n = 0; n < 3_000; n += 1) {
      client.insert(0, "x".repeat(1_000));
      client.doc.getText("content").delete(0, 1_000);
      if (n % 100 === 99) await until(() => client.saved === client.sent);
    }
    await server.stop();
    const [kept] = await fixture.database.sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query<{ bytes: number; logged: number }>(
        `select (select max(bytes) from document_snapshots where file_id = $1) as bytes,
          (select sum(octet_length(update)) from document_log where file_id = $1) as logged`,
        [fileId],
      ),
    );
    expect(kept?.logged).toBeGreaterThan(3_000_000);
    expect(kept?.bytes).toBeLessThan(4_096);
    expect(fixture.files.text(fileId)).toBe("short\n");
  }, 30_000);

  it("[C45] a history far larger than its text is replaced by a new one, and every acknowledged edit is in the text", async () => {
    const server = await fixture.serve({ maxStateBytes: 4_000 });
    const fileId = await fixture.files.add("kept\n");
    const writer = await server.speak(fileId);
    await until(() => writer.isSynced);
    let saved = writer.text;
    // Each of many clients adds its own entry to the history.
    for (let n = 0; writer.closeCode === undefined && n < 3_000; n += 1) {
      const doc = new Y.Doc();
      Y.applyUpdate(doc, Y.encodeStateAsUpdate(writer.doc));
      doc.getText("content").insert(0, "y");
      doc.getText("content").delete(0, 1);
      Y.applyUpdate(writer.doc, Y.encodeStateAsUpdate(doc, Y.encodeStateVector(writer.doc)));
      if (n % 100 === 0) {
        writer.insert(0, `${n} `);
        await until(() => writer.saved === writer.sent || writer.closeCode !== undefined);
        if (writer.saved === writer.sent) saved = writer.text;
      }
    }
    await until(() => writer.closeCode !== undefined, "the generation to end");
    expect(writer.closeCode).toBe(CLOSE.generationChanged);
    const reader = await server.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.facts[0]?.generation).toBe(2);
    expect(reader.text).toBe(saved);
    reader.insert(0, "on it goes: ");
    await until(() => reader.saved === reader.sent);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe(`on it goes: ${saved}`);
  }, 30_000);

  it("[C46] work that takes too long is terminated; its document refuses connections, and others do not wait for it", async () => {
    const server = await fixture.serve({
      workDeadlines: { quickMs: 400, patientMs: 800 },
      times: { checkpointIdleMs: 20 },
    });
    const [bad, good] = [await fixture.files.add(""), await fixture.files.add("")];
    const [hostile, honest] = [await server.speak(bad), await server.speak(good)];
    await until(() => hostile.isSynced && honest.isSynced);
    // Each update is small enough to be relayed at once; applying all of them takes very long.
    for (let n = 0; n < 12; n += 1) hostile.sendUpdate(quadraticUpdate(1_900, 1 + 2 * n));
    await until(() => hostile.closeCode !== undefined, "the hostile document to be dropped");
    expect(hostile.closeCode).toBe(CLOSE.overloaded);
    honest.insert(0, "fine");
    await until(() => fixture.files.text(good) === "fine", "the honest document's checkpoint");
    const again = await server.speak(bad);
    await until(() => again.closeCode === CLOSE.overloaded);
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, good);
    await server.crash();
    // Later servers would try it again.
    fixture.files.remove(bad);
  }, 30_000);

  it("[C47] an update that takes too long to apply is refused and not relayed", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("quick\n");
    const [hostile, witness] = [await server.speak(fileId), await server.speak(fileId)];
    await until(() => hostile.isSynced && witness.isSynced);
    hostile.socket.send(updateMessage(quadraticUpdate(5_000)));
    await vi.waitFor(() => expect(hostile.closeCode).toBe(CLOSE.badMessage), { timeout: 25_000 });
    witness.insert(0, "as ");
    await until(() => witness.saved === witness.sent);
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("as quick\n");
  }, 30_000);

  it("[C47] an update of thousands of structs that are quick to apply is accepted", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const [typist, reader] = [await server.speak(fileId), await server.speak(fileId)];
    await until(() => typist.isSynced && reader.isSynced);
    typist.doc.transact(() => {
      for (let n = 0; n < 5_000; n += 1) typist.doc.getText("content").insert(Math.floor(n / 2), "ab");
    });
    await until(() => typist.saved === typist.sent && reader.text === typist.text);
    expect(reader.text).toHaveLength(10_000);
    await server.stop();
  });

  it("[C46] a document whose work is slow delays no other, however much of it there is", async () => {
    const materialiser = createMaterialiser({ log: silentLog, cpu: { charge: () => undefined } });
    const packed = packUpdates([quadraticUpdate(20_000)]);
    const format = { eol: "lf", byteOrderMark: false } as const;
    const ended: string[] = [];
    const note = (name: string) => () => void ended.push(name);
    const slow = Array.from({ length: 8 }, () =>
      materialiser.run("read", () => ({ packed, format }), workOf("slow")).then(note("slow"), note("slow")),
    );
    const startMs = performance.now();
    for (const name of ["one", "two", "three"])
      await materialiser.run("seed", () => ({ text: name }), workOf(name)).then(note(name));
    expect(ended).toEqual(["one", "two", "three"]);
    expect(performance.now() - startMs).toBeLessThan(15_000);
    await materialiser[Symbol.asyncDispose]();
    await Promise.all(slow);
  }, 30_000);

  it("[C46][C65] work that waited behind work that took too long is done by the next worker, and both are accounted", async () => {
    const charged: number[] = [];
    const cpu = { charge: (account: string, cpuMs: number) => void (account === "the owner" && charged.push(cpuMs)) };
    const materialiser = createMaterialiser({ log: silentLog, cpu, deadlines: { quickMs: 400, patientMs: 800 } });
    const packed = packUpdates([quadraticUpdate(20_000)]);
    const format = { eol: "lf", byteOrderMark: false } as const;
    const slow = materialiser.run("read", () => ({ packed, format }), workOf("slow"));
    const [first, second] = ["one", "two"].map((text) => materialiser.run("seed", () => ({ text }), workOf(text)));
    await expect(slow).rejects.toThrow(/more than 800 ms/u);
    expect((await first)?.state.byteLength).toBeGreaterThan(3);
    expect((await second)?.skipped).toBe(0);
    expect(charged).toHaveLength(3);
    expect(charged).toContain(800);
    await materialiser[Symbol.asyncDispose]();
  }, 30_000);
});

describe("floods", () => {
  it("[C24] a message that names thousands of clients, and states sent without end, close the socket", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("");
    const witness = await server.speak(fileId);
    const crowd = await server.dial(fileId);
    const closed = once(crowd, "close") as Promise<[number]>;
    crowd.send(
      awarenessMessage(Array.from({ length: 5_000 }, (_none, client) => ({ client, clock: 1, state: '{"a":1}' }))),
    );
    expect((await closed)[0]).toBe(CLOSE.badMessage);
    const flood = await server.speak(fileId);
    for (let n = 0; n < 200; n += 1) flood.sendAwareness({ n, text: "a".repeat(10_000) });
    await until(() => flood.closeCode !== undefined);
    expect(flood.closeCode).toBe(CLOSE.tooFast);
    await until(() => [...witness.awareness.getStates().keys()].every((id) => id === witness.doc.clientID));
    witness.sendAwareness({ here: true });
    expect(witness.closeCode).toBeUndefined();
    await server.stop();
  });

  it("[C4] of many sync requests in a row only the last ones are answered", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("z".repeat(200_000));
    const witness = await server.speak(fileId);
    const asker = await server.speak(fileId);
    await until(() => witness.isSynced && asker.isSynced);
    const before = asker.messageTypes.filter((type) => type === MESSAGE.sync).length;
    const question = updateMessage(Y.encodeStateVector(asker.doc), 0);
    for (let n = 0; n < 2_000; n += 1) asker.socket.send(question);
    witness.insert(0, "still served ");
    await until(() => witness.saved === witness.sent && asker.text.startsWith("still served"));
    asker.socket.send(updateMessage(Y.encodeStateVector(asker.doc), 0));
    await until(() => asker.messageTypes.filter((type) => type === MESSAGE.sync).length > before + 1);
    expect(asker.messageTypes.filter((type) => type === MESSAGE.sync).length - before).toBeLessThan(500);
    await server.stop();
  });
});
