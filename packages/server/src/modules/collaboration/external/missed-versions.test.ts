import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Sql } from "#platform/sql";
import { openTestCollaboration, until, type TestCollaboration } from "../test-collaboration.ts";

let fixture: TestCollaboration;
beforeAll(async () => {
  fixture = await openTestCollaboration();
}, 60_000);
afterAll(() => fixture[Symbol.asyncDispose](), 60_000);

type Server = Awaited<ReturnType<TestCollaboration["serve"]>>;

/** Writes from outside and notifies the document, as LiveFiles does. */
const write = (server: Server, fileId: string, content: string | Uint8Array): Promise<void> =>
  server.collaboration.liveDocuments.applyExternal({
    projectId: fixture.files.projectId,
    fileId,
    userId: fixture.files.ownerId,
    ...fixture.files.write(fileId, content),
  });

/** Lets reading of stored versions fail while `work` runs. */
const unreadable = async (work: () => Promise<void>, onTry: () => void = () => undefined): Promise<void> => {
  const { readStored } = fixture.files.atRest;
  fixture.files.atRest.readStored = () => {
    onTry();
    return Promise.reject(new Error("planted"));
  };
  await work().finally(() => (fixture.files.atRest.readStored = readStored));
};

describe("a version that could not be merged at once", () => {
  it("[C39] is merged before the next one, and stays in the newest text", async () => {
    const server = await fixture.serve({ times: { retryMs: 3_600_000 } });
    const fileId = await fixture.files.add("a\nb\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    await unreadable(() => expect(write(server, fileId, "a\nb\nc\n")).rejects.toThrow());
    await write(server, fileId, "a!\nb\nc\n");
    await until(() => client.text.startsWith("a!"));
    expect(client.text).toBe("a!\nb\nc\n");
    client.insert(0, "typed ");
    await until(() => client.saved === client.sent);
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe("typed a!\nb\nc\n");
    expect(fixture.files.version(fileId)).toBe(4);
    await server.stop();
  });

  it("[C39] is merged by a retry, also when the first ones fail and nobody types", async () => {
    const server = await fixture.serve({ times: { retryMs: 20 } });
    const fileId = await fixture.files.add("a\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    let tries = 0;
    await unreadable(
      async () => {
        await expect(write(server, fileId, "a\nb\n")).rejects.toThrow();
        await until(() => tries > 2);
      },
      () => (tries += 1),
    );
    await until(() => client.text === "a\nb\n", "the version to arrive");
    await server.stop();
    expect(fixture.files.version(fileId)).toBe(2);
  });

  it("[C7][C39] a checkpoint of unknown outcome is recognised before a write on top of it is merged", async () => {
    const server = await fixture.serve({ times: { checkpointIdleMs: 3_600_000 } });
    const fileId = await fixture.files.add("base\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    client.insert(5, "typed\n");
    await until(() => client.saved === client.sent);
    const { saveCheckpoint } = fixture.files.atRest;
    fixture.files.atRest.saveCheckpoint = async (save) => {
      await saveCheckpoint(save);
      throw new Error("planted: the answer got lost");
    };
    await expect(server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId)).rejects.toThrow();
    fixture.files.atRest.saveCheckpoint = saveCheckpoint;
    client.insert(0, "more ");
    await until(() => client.saved === client.sent);
    const { projectId, ownerId: userId } = fixture.files;
    const late = { projectId, fileId, userId, basedOn: 0, version: 1, bytes: Buffer.from("base\n") };
    await server.collaboration.liveDocuments.applyExternal(late);
    await write(server, fileId, "base\ntyped\nwritten\n");
    await until(() => client.text.includes("written"));
    expect(client.text).toBe("more base\ntyped\nwritten\n");
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("more base\ntyped\nwritten\n");
  });
});

/** Lets writes from outside fail to be logged while `isDown`. */
const breakableMerge =
  (state: { isDown: boolean }) =>
  (sql: Sql): Sql => ({
    ...sql,
    healthy: () => sql.healthy(),
    transaction: (scope, work) =>
      sql.transaction(scope, (transaction) =>
        work({
          ...transaction,
          query: (text, values) => {
            if (state.isDown && String(values?.[7]).includes("external")) throw new Error("planted");
            return transaction.query(text, values);
          },
        }),
      ),
  });

describe("a document that was evicted with edits in no version", () => {
  /** A document with text that only the log has, evicted from memory. */
  const dropped = async () => {
    const state = { isDown: false };
    const server = await fixture.serve({ wrapSql: breakableMerge(state), times: { checkpointIdleMs: 3_600_000 } });
    const fileId = await fixture.files.add("a\nb\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    // The result of the look-up at the start must not hide edits that were made since.
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId);
    client.insert(0, "typed ");
    await until(() => client.saved === client.sent);
    state.isDown = true;
    await expect(write(server, fileId, "a\nb\nc\n")).rejects.toThrow();
    await until(() => client.closeCode !== undefined);
    return { server, fileId, state };
  };

  it.each(["the file", "everything"])("[C51] is written before %s of its project is read", async (what) => {
    const { server, fileId, state } = await dropped();
    state.isDown = false;
    await server.collaboration.liveDocuments.checkpoint(
      fixture.files.projectId,
      ...(what === "the file" ? [fileId] : []),
    );
    expect(fixture.files.text(fileId)).toBe("typed a\nb\nc\n");
    await server.stop();
  });

  it("[C51] lets readings fail while it can't be read", async () => {
    const { server, fileId, state } = await dropped();
    const read = () => server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    await expect(read()).rejects.toMatchObject({ code: "collaboration/document-unavailable" });
    await expect(read()).rejects.toMatchObject({ code: "collaboration/document-unavailable" });
    state.isDown = false;
    await read();
    expect(fixture.files.text(fileId)).toBe("typed a\nb\nc\n");
    await server.stop();
  });

  it("[C51] is written also when it is evicted while a reader waits for its checkpoint", async () => {
    const state = { isDown: false };
    const server = await fixture.serve({ wrapSql: breakableMerge(state), times: { checkpointIdleMs: 3_600_000 } });
    const fileId = await fixture.files.add("a\nb\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    client.insert(0, "typed ");
    await until(() => client.saved === client.sent);
    state.isDown = true;
    const writing = write(server, fileId, "a\nb\nc\n").finally(() => (state.isDown = false));
    const reading = server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    await expect(writing).rejects.toThrow();
    await reading;
    expect(fixture.files.text(fileId)).toBe("typed a\nb\nc\n");
    await server.stop();
  });
});
