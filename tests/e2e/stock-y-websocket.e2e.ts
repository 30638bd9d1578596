/** Somebody else's client: the stock npm y-websocket provider against the real server, on both forms of the path. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Client, signInAsGuest } from "../support/client.ts";
import { eventually } from "../support/eventually.ts";
import { startServer, type TestServer } from "../support/server.ts";
import { openStockClient } from "../support/stock-client.ts";

describe("the stock y-websocket provider", () => {
  let server: TestServer;
  let ada: Client;
  beforeAll(async () => {
    server = await startServer({ env: { SANDBOX: "namespaces" } });
    ada = await signInAsGuest(server.origin);
  }, 90_000);
  afterAll(() => server[Symbol.asyncDispose]());

  it.each(["/api", ""])("gets the file's text and converges with another client (prefix %j)", async (prefix) => {
    const project = await ada.createProject({ name: "stock" });
    const file = await ada.createFile(project.id, "main.py", "print('hello')\n");
    const at = { projectId: project.id, fileId: file.id };
    using one = await openStockClient(ada, { ...at, prefix });
    using two = await openStockClient(ada, at);
    expect(one.text.toString()).toBe("print('hello')\n");
    for (let n = 0; n < 50; n++) {
      one.text.insert(0, "a");
      two.text.insert(two.text.length, "b");
    }
    await eventually(() => {
      expect(one.text.toString()).toHaveLength("print('hello')\n".length + 100);
      expect(two.text.toString()).toBe(one.text.toString());
    });
    // Pending edits are read through the REST API at once, not after the checkpoint's two seconds.
    expect((await ada.readFile(project.id, "main.py")).content).toBe(one.text.toString());
  });

  it("carries awareness, and clears it when a client leaves", async () => {
    const project = await ada.createProject({ name: "aware" });
    const file = await ada.createFile(project.id, "a.txt", "");
    const at = { projectId: project.id, fileId: file.id };
    using one = await openStockClient(ada, at);
    const two = await openStockClient(ada, at);
    // Others see the account, whatever the client claims to be.
    two.provider.awareness.setLocalState({ user: { name: "Grace", color: "#c33" }, mood: "fine" });
    await eventually(() =>
      expect(one.provider.awareness.getStates().get(two.document.clientID)).toMatchObject({
        user: { id: ada.user.id, name: ada.user.name },
        mood: "fine",
      }),
    );
    two[Symbol.dispose]();
    await eventually(() => expect(one.provider.awareness.getStates().has(two.document.clientID)).toBe(false));
  });

  it("edits a file with mixed line ends without rewriting them", async () => {
    const project = await ada.createProject({ name: "mixed" });
    const file = await ada.createFile(project.id, "a.txt", "one\r\ntwo\nthree\rfour\r\n");
    using typist = await openStockClient(ada, { projectId: project.id, fileId: file.id });
    expect(typist.text.toString()).toBe("one\ntwo\nthree\nfour\n");
    typist.text.insert(4, "!");
    await eventually(async () =>
      expect((await ada.readFile(project.id, "a.txt")).content).toBe("one\r\n!two\nthree\rfour\r\n"),
    );
  });

  it("gets a PUT as a minimal change: text typed at the same time stays", async () => {
    const project = await ada.createProject({ name: "outside" });
    const file = await ada.createFile(project.id, "a.txt", "one\ntwo\nthree\n");
    using typist = await openStockClient(ada, { projectId: project.id, fileId: file.id });
    typist.text.insert(0, "typed ");
    const saved = await ada.putFile(project.id, "a.txt", "one\ntwo\nTHREE\n", 1);
    expect(saved.version).toBe(2);
    await eventually(() => expect(typist.text.toString()).toBe("typed one\ntwo\nTHREE\n"));
    const merged = await ada.readFile(project.id, "a.txt");
    expect(merged.content).toBe("typed one\ntwo\nTHREE\n");
    expect(merged.version).toBe(3);
  });

  it("is not let in without rights: accepted, then closed with 4404", async () => {
    const project = await ada.createProject({ name: "private" });
    const file = await ada.createFile(project.id, "a.txt", "secret");
    const mallory = await signInAsGuest(server.origin);
    const socket = mallory.openSocket(`/collaborate/${project.id}/${file.id}`);
    const code = await new Promise<number>((resolve) => socket.on("close", resolve));
    expect(code).toBe(4404);
  });
});
