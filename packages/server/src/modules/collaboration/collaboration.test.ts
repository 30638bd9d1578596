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

  it("[C20] an edit becomes a file version by itself", async () => {
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
