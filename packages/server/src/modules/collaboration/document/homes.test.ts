import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createManualClock } from "#kernel/clock";
import { silentLog } from "#kernel/log";
import type { Links } from "#platform/links";
import { createPostgresHomes } from "../../../platform/homes/adapters/postgres-homes.ts";
import { createTestLinks } from "../../../platform/links/test-links.ts";
import { openTestCollaboration, type TestCollaboration, until } from "../test-collaboration.ts";

let fixture: TestCollaboration;
beforeAll(async () => {
  fixture = await openTestCollaboration();
});
afterAll(() => fixture[Symbol.asyncDispose]());

/** A server that shares its homes; their clock advances only when the test does it. */
const openNode = async (linked?: { readonly address: string; readonly links: Links }) => {
  const clock = createManualClock();
  const homes = createPostgresHomes({
    sql: fixture.database.sql,
    clock,
    log: silentLog,
    address: linked?.address ?? null,
  });
  await homes.start(new AbortController().signal);
  const server = await fixture.serve({ homes, ...(linked && { links: linked.links }) });
  return {
    ...server,
    clock,
    stop: async () => {
      await server.stop();
      await homes[Symbol.asyncDispose]();
    },
  };
};

describe("documents of several nodes", () => {
  test("[C62] a document is open on one node; when that one stops, the other has its text and a newer fence", async () => {
    const fileId = await fixture.files.add("text");
    const [first, second] = [await openNode(), await openNode()];
    const { liveDocuments } = second.collaboration;
    const writer = await first.speak(fileId);
    await until(() => writer.isSynced);
    writer.insert(0, "more ");
    await until(() => writer.saved === writer.sent);
    // The edit is in the log and in no version: another node can't read the newest text, and refuses.
    const refused = await second.speak(fileId);
    await until(() => refused.closeCode === 1013);
    await expect(liveDocuments.checkpoint(fixture.files.projectId, fileId)).rejects.toMatchObject({
      code: "collaboration/document-unavailable",
    });
    await expect(liveDocuments.checkpoint(fixture.files.projectId)).rejects.toThrow(/another server/u);
    // When it is in a version, both nodes read it, although the first still has the document open.
    await first.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    await liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe("more text");
    await first.stop();
    const reader = await second.speak(fileId);
    await until(() => reader.isSynced);
    expect(reader.text).toBe("more text");
    await second.stop();
  });

  test("[C62] linked nodes share one document: editing, reading and writing through each, also after the link was cut", async () => {
    const { projectId } = fixture.files;
    const fileId = await fixture.files.add("text");
    const network = createTestLinks();
    const nodeAt = (address: string) => openNode({ address, links: network.add(address) });
    const [first, second] = [await nodeAt("first"), await nodeAt("second")];
    const { liveDocuments } = second.collaboration;
    // The node that opens it first has its home.
    const one = await first.speak(fileId);
    await until(() => one.isSynced);
    const other = await second.speak(fileId);
    await until(() => other.isSynced);
    one.insert(0, "1");
    other.insert(other.text.length, "2");
    await until(() => one.text === other.text && one.text.length === 6);
    await until(() => other.saved === other.sent);
    await liveDocuments.checkpoint(projectId, fileId);
    expect(fixture.files.text(fileId)).toBe(one.text);
    const sessions = await second.collaboration.sessionsEverywhere(projectId);
    expect(sessions.documents).toMatchObject([{ fileId, participants: [{ connections: 2 }] }]);
    expect(sessions.people).toMatchObject([{ name: "alice", files: [{ fileId, connections: 2 }] }]);
    const change = fixture.files.write(fileId, `${one.text} put`);
    await liveDocuments.applyExternal({ projectId, fileId, userId: fixture.files.ownerId, ...change });
    await until(() => one.text.endsWith(" put") && other.text === one.text);

    network.cut();
    await until(() => other.closeCode !== undefined);
    expect(other.closeCode).toBe(1012);
    expect(one.closeCode).toBeUndefined();
    one.insert(0, "typed meanwhile ");
    await until(() => one.saved === one.sent);
    await expect(liveDocuments.checkpoint(projectId, fileId)).rejects.toThrow(
      /on another server, which cannot be reached/u,
    );
    const refused = await second.speak(fileId);
    await until(() => refused.closeCode === 1013);
    network.mend();
    const back = await second.speak(fileId);
    await until(() => back.text === one.text);
    await liveDocuments.checkpoint(projectId);
    expect(fixture.files.text(fileId)).toBe(one.text);
    await first.stop();
    await second.stop();
  });

  test("[C62] a node that lost its homes closes with 1012; what it acknowledged is written by the other", async () => {
    const fileId = await fixture.files.add("");
    const first = await openNode();
    const writer = await first.speak(fileId);
    await until(() => writer.isSynced);
    writer.insert(0, "acknowledged");
    await until(() => writer.saved === writer.sent);
    const admin = await fixture.database.openAdmin();
    await admin.query("update server_nodes set expires_at = clock_timestamp()");
    const second = await openNode();
    await second.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe("acknowledged");
    first.clock.advance(5_000);
    await until(() => writer.closeCode === 1012);
    const again = await first.speak(fileId);
    await until(() => again.closeCode === 1013);
    await first.stop();
    await second.stop();
  });
});
