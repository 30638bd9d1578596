import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openTestCollaboration, until, type TestCollaboration } from "./test-collaboration.ts";

let fixture: TestCollaboration;
beforeAll(async () => {
  fixture = await openTestCollaboration();
}, 60_000);
afterAll(() => fixture[Symbol.asyncDispose](), 60_000);

describe("live documents with stock clients", () => {
  it("[C1] two clients on both forms of the path see the file and each other", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("hello\n");
    const one = server.join(fileId);
    const two = server.join(fileId, { path: "/collaborate" });
    await until(() => one.provider.synced && two.provider.synced, "both to be synced");
    expect([one.text(), two.text()]).toEqual(["hello\n", "hello\n"]);
    one.type(5, ", you");
    await until(() => two.text() === "hello, you\n", "the edit to arrive");
    two.type(0, "> ");
    await until(() => one.text() === "> hello, you\n", "the answer to arrive");
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("> hello, you\n");
  });

  it("[C54] after an edit inside a surrogate pair the stored text equals the text of every client", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("a😀b😁c\n");
    const [one, two] = [server.join(fileId), server.join(fileId)];
    await until(() => one.provider.synced && two.provider.synced);
    one.type(2, "x");
    one.type(6, "", 1);
    await until(() => two.text() === one.text(), "both to agree");
    expect(one.text()).toBe("a\u{fffd}x\u{fffd}b\u{fffd}c\n");
    const { projectId } = fixture.files;
    await server.collaboration.liveDocuments.checkpoint(projectId, fileId);
    expect(fixture.files.text(fileId)).toBe(one.text());
    const late = server.join(fileId);
    await until(() => late.provider.synced);
    expect(late.text()).toBe(one.text());
    // A write from outside after it arrives unchanged.
    const write = fixture.files.write(fileId, "a😀xb\nmore\n");
    await server.collaboration.liveDocuments.applyExternal({
      projectId,
      fileId,
      userId: fixture.files.ownerId,
      ...write,
    });
    await until(() => [one, two, late].every((client) => client.text() === "a😀xb\nmore\n"), "the write to arrive");
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("a😀xb\nmore\n");
  });

  it("[C20] an edit becomes a file version without a request", async () => {
    const server = await fixture.serve({ times: { checkpointIdleMs: 50 } });
    const fileId = await fixture.files.add("a");
    const client = server.join(fileId);
    await until(() => client.provider.synced);
    client.type(1, "b");
    await until(() => fixture.files.text(fileId) === "ab", "the checkpoint");
    expect(fixture.files.version(fileId)).toBe(2);
    await server.stop();
    expect(fixture.files.version(fileId)).toBe(2);
  });
});
