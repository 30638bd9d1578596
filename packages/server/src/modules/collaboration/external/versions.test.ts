import { CLOSE } from "@atelier/contracts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createManualClock } from "#kernel/clock";
import { openTestCollaboration, until, type TestCollaboration } from "../test-collaboration.ts";

let fixture: TestCollaboration;
beforeAll(async () => {
  fixture = await openTestCollaboration();
}, 60_000);
afterAll(() => fixture[Symbol.asyncDispose](), 60_000);

type Server = Awaited<ReturnType<TestCollaboration["serve"]>>;
const refOf = (fileId: string) => ({ projectId: fixture.files.projectId, fileId, userId: fixture.files.ownerId });

/** As LiveFiles does: live edits first, then the version, then the notification of the document. */
const put = async (server: Server, fileId: string, content: string | Uint8Array): Promise<void> => {
  await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
  const written = fixture.files.write(fileId, content);
  await server.collaboration.liveDocuments.applyExternal({ ...refOf(fileId), ...written });
};

describe("checkpoints", () => {
  it("[C20] text becomes a version 2 s after the last edit and at the latest 60 s after the first", async () => {
    const clock = createManualClock();
    const server = await fixture.serve({ clock, commitSpacingMs: 0 });
    const fileId = await fixture.files.add("");
    const client = await server.speak(fileId);
    await until(() => client.isSynced && client.saved === client.sent);
    const type = async (): Promise<void> => {
      client.insert(client.text.length, ".");
      await until(() => client.saved === client.sent);
    };
    await type();
    clock.advance(1_999);
    await server.collaboration.idle();
    expect(fixture.files.version(fileId)).toBe(1);
    clock.advance(1);
    await until(() => fixture.files.version(fileId) === 2, "the idle checkpoint");
    expect(fixture.files.text(fileId)).toBe(".");

    for (let second = 0; second < 59; second += 1) {
      await type();
      clock.advance(1_000);
    }
    await server.collaboration.idle();
    expect(fixture.files.version(fileId)).toBe(2);
    await type();
    clock.advance(1_000);
    await until(() => fixture.files.version(fileId) === 3, "the latest checkpoint");
    await server.stop();
  });

  it("[C59] documents of a project are written side by side when it is read, a few at once", async () => {
    const server = await fixture.serve();
    const fileIds = await Promise.all(Array.from({ length: 12 }, () => fixture.files.add("")));
    for (const fileId of fileIds) {
      const client = await server.speak(fileId);
      await until(() => client.isSynced);
      client.insert(0, "typed");
      await until(() => client.saved === client.sent);
    }
    const { saveCheckpoint } = fixture.files.atRest;
    let [running, most] = [0, 0];
    fixture.files.atRest.saveCheckpoint = async (save) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 50));
      running -= 1;
      return saveCheckpoint(save);
    };
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId);
    fixture.files.atRest.saveCheckpoint = saveCheckpoint;
    expect(fileIds.map((fileId) => fixture.files.text(fileId))).toEqual(fileIds.map(() => "typed"));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
    await server.stop();
  }, 20_000);

  it.each([
    ["one kind of line end", "same"],
    ["mixed line ends", "50%\r100%\na\r\n"],
  ])("[C21] nothing is written when the text is what the version has, with %s", async (_what, file) => {
    const server = await fixture.serve({ times: { checkpointIdleMs: 20 } });
    const fileId = await fixture.files.add(file);
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    client.insert(0, "x");
    client.doc.getText("content").delete(0, 1);
    await until(() => client.saved === client.sent);
    await server.stop();
    expect(fixture.files.version(fileId)).toBe(1);
  });

  it("[C22] a document that nobody has open leaves memory with a snapshot, and opens again", async () => {
    const server = await fixture.serve({ times: { idleMs: 30 } });
    const fileId = await fixture.files.add("a");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    client.insert(1, "b");
    await until(() => client.saved === client.sent);
    client.socket.close();
    const open = async () => /atelier_documents_open (\d+)/u.exec((await server.metrics.scrape()).text)?.[1];
    for (let left = 200; (await open()) !== "0" && left > 0; left -= 1) await new Promise((r) => setTimeout(r, 10));
    expect(await open()).toBe("0");
    expect(fixture.files.text(fileId)).toBe("ab");
    const again = await server.speak(fileId);
    await until(() => again.isSynced);
    expect(again.text).toBe("ab");
    expect(again.facts[0]?.generation).toBe(1);
    await server.stop();
  });

  it("[C23] stopping closes with 1012 and leaves every edit in its version", async () => {
    const server = await fixture.serve();
    const fileIds = await Promise.all(Array.from({ length: 12 }, () => fixture.files.add("")));
    const clients = await Promise.all(fileIds.map((fileId) => server.speak(fileId)));
    await until(() => clients.every((client) => client.isSynced));
    for (const [n, client] of clients.entries()) client.insert(0, `edit ${n}`);
    await until(() => clients.every((client) => client.saved === client.sent));
    await server.collaboration[Symbol.asyncDispose]();
    expect(fileIds.map((fileId) => fixture.files.text(fileId))).toEqual(clients.map((_client, n) => `edit ${n}`));
    await until(() => clients.every((client) => client.closeCode === CLOSE.moving));
    await server.stop();
  });
});

describe("versions from outside", () => {
  it("[C34] a write reaches open editors as a minimal change and adds no version of its own", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("one\ntwo\nthree\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    let changed = 0;
    client.doc.getText("content").observe((event) => {
      changed += event.changes.delta.reduce(
        (sum, part) => sum + (typeof part.insert === "string" ? part.insert.length : (part.delete ?? 0)),
        0,
      );
    });
    await put(server, fileId, "one\n2\nthree\n");
    await until(() => client.text === "one\n2\nthree\n");
    expect(changed).toBeLessThanOrEqual(4);
    await server.stop();
    expect(fixture.files.version(fileId)).toBe(2);
  });

  it("[C35] typing that is newer than the writer's version is kept, and the merge becomes the next version", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("top\nmiddle\nbottom\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    client.insert(3, " typed");
    await until(() => client.saved === client.sent);
    const written = fixture.files.write(fileId, "top\nmiddle\nbottom written\n");
    await server.collaboration.liveDocuments.applyExternal({ ...refOf(fileId), ...written });
    await until(() => client.text === "top typed\nmiddle\nbottom written\n");
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe(client.text);
    expect(fixture.files.version(fileId)).toBe(3);
    await server.stop();
  });

  it("[C36] a version of which the document was not notified is merged by the next checkpoint, once", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("a\nb\nc\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    const written = fixture.files.write(fileId, "a\nb\nC!\n");
    client.insert(0, "typed ");
    await until(() => client.saved === client.sent);
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe("typed a\nb\nC!\n");
    await server.collaboration.liveDocuments.applyExternal({ ...refOf(fileId), ...written });
    expect(client.text).toBe("typed a\nb\nC!\n");
    await server.stop();
    expect(fixture.files.version(fileId)).toBe(3);
  });

  it("[C37] versions written while the document was closed are merged before the first client receives it", async () => {
    const fileId = await fixture.files.add("one\n");
    const first = await fixture.serve();
    const client = await first.speak(fileId);
    await until(() => client.isSynced);
    client.insert(0, "zero\n");
    await until(() => client.saved === client.sent);
    await first.stop();
    fixture.files.write(fileId, "zero\none\ntwo\n");
    fixture.files.write(fileId, "zero\none\ntwo\nthree\n");
    const second = await fixture.serve();
    const again = await second.speak(fileId);
    await until(() => again.isSynced);
    expect(again.text).toBe("zero\none\ntwo\nthree\n");
    expect(again.facts[0]?.generation).toBe(1);
    await second.stop();
    expect(fixture.files.version(fileId)).toBe(4);
  });

  it("[C38] concurrent typing and writes of other lines, at random: nothing of either is lost", async () => {
    const server = await fixture.serve({ times: { checkpointIdleMs: 15, checkpointMaxMs: 60 } });
    const fileId = await fixture.files.add("w:\n\n\n\n\n\nt:\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    for (let n = 0; n < 25; n += 1) {
      client.insert(client.text.length - 1, `${n},`);
      if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
      const seen = fixture.files.text(fileId);
      const written = fixture.files.write(fileId, seen.replace("w:", `w:${n},`));
      client.insert(client.text.length - 1, "+");
      await server.collaboration.liveDocuments.applyExternal({ ...refOf(fileId), ...written });
    }
    await until(() => client.saved === client.sent);
    await server.stop();
    const writes = Array.from({ length: 25 }, (_, n) => `${24 - n},`).join("");
    const typed = Array.from({ length: 25 }, (_, n) => `${n},+`).join("");
    expect(fixture.files.text(fileId)).toBe(
      `w:${writes}\n\n\n\n\n\nt:\n${typed}`.replace(`t:\n${typed}`, `t:${typed}\n`),
    );
  }, 20_000);
});

describe("text rules", () => {
  it("[C40] line ends and byte order mark are stored separately and restored", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("\ufeffone\r\ntwo\r\n");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    expect(client.text).toBe("one\ntwo\n");
    expect(client.facts[0]?.eol).toBe("crlf");
    client.insert(8, "three\n");
    await until(() => client.saved === client.sent);
    await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
    expect(fixture.files.text(fileId)).toBe("\ufeffone\r\ntwo\r\nthree\r\n");
    await put(server, fileId, "one\ntwo\nthree\n");
    await until(() => client.facts.at(-1)?.eol === "lf");
    expect(client.text).toBe("one\ntwo\nthree\n");
    await server.stop();
    expect(fixture.files.text(fileId)).toBe("one\ntwo\nthree\n");
    expect(fixture.files.version(fileId)).toBe(3);
  });

  it.each([
    ["a lone CR", "50%\r100%\na\r\n", "50%\n100%\na\n"],
    ["CRLF and LF", "a\r\nb\nc\r\n", "a\nb\nc\n"],
  ])("[C21] a file with %s among its line ends is not rewritten while nobody edits it", async (_what, file, text) => {
    const clock = createManualClock();
    const server = await fixture.serve({ clock, commitSpacingMs: 0 });
    /** Longer than the delay of every checkpoint. */
    const settle = async ({ collaboration }: Server): Promise<void> => {
      clock.advance(120_000);
      await collaboration.idle();
    };
    const open = await fixture.files.add("50%\n");
    const client = await server.speak(open);
    await until(() => client.isSynced);
    await put(server, open, file);
    await until(() => client.text === text);
    await settle(server);
    expect([fixture.files.version(open), fixture.files.text(open)]).toEqual([2, file]);

    // A client types and deletes it again: the text is that of the version.
    client.insert(0, "x");
    client.doc.getText("content").delete(0, 1);
    await until(() => client.saved === client.sent);
    await settle(server);
    expect(fixture.files.version(open)).toBe(2);
    await server.stop();

    fixture.files.write(open, `${file}more\r`);
    const later = await fixture.serve({ clock, commitSpacingMs: 0 });
    const reader = await later.speak(open);
    await until(() => reader.isSynced);
    expect(reader.text).toBe(`${text}more\n`);
    await settle(later);
    await later.stop();
    expect([fixture.files.version(open), fixture.files.text(open)]).toEqual([3, `${file}more\r`]);
  });

  it("[C58] one key in a file with mixed line ends rewrites no line end, over checkpoints, restarts and restores", async () => {
    const file = "one\r\ntwo\nthree\rfour\r\n";
    const fileId = await fixture.files.add(file);
    const first = await fixture.serve();
    const { projectId } = fixture.files;
    const typist = await first.speak(fileId);
    await until(() => typist.isSynced);
    expect(typist.text).toBe("one\ntwo\nthree\nfour\n");
    const write = async (server: typeof first, client: typeof typist): Promise<string> => {
      await until(() => client.saved === client.sent);
      await server.collaboration.liveDocuments.checkpoint(projectId, fileId);
      return fixture.files.text(fileId);
    };
    typist.insert(4, "2");
    expect(await write(first, typist)).toBe("one\r\n2two\nthree\rfour\r\n");
    typist.insert(4, "new\n");
    expect(await write(first, typist)).toBe("one\r\nnew\r\n2two\nthree\rfour\r\n");
    typist.insert(0, "!");
    await until(() => typist.saved === typist.sent);
    await first.crash();
    const server = await fixture.serve();
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    expect(await write(server, client)).toBe("!one\r\nnew\r\n2two\nthree\rfour\r\n");
    // A write from outside brings its own line ends, also when nothing else changed, and beside pending edits.
    client.insert(0, "?");
    await until(() => client.saved === client.sent);
    const ends = fixture.files.write(fileId, "!one\nnew\r\n2two\r\nthree\rfour\r\n");
    await server.collaboration.liveDocuments.applyExternal({ ...refOf(fileId), ...ends });
    expect(await write(server, client)).toBe("?!one\nnew\r\n2two\r\nthree\rfour\r\n");
    // The earlier version, restored: byte for byte.
    await put(server, fileId, file);
    await until(() => client.text === "one\ntwo\nthree\nfour\n");
    expect(await write(server, client)).toBe(file);
    client.insert(client.text.length, "five\n");
    expect(await write(server, client)).toBe(`${file}five\r\n`);
    // Written with one kind of line end, the file has only that one.
    await put(server, fileId, "a\nb\n");
    await until(() => client.text === "a\nb\n");
    client.insert(4, "c\n");
    expect(await write(server, client)).toBe("a\nb\nc\n");
    await server.stop();
  }, 20_000);

  it("[C41] a file that is not text opens as an empty read-only document with the reason", async () => {
    const server = await fixture.serve();
    const binary = await fixture.files.add(Uint8Array.of(0xff, 0xd8, 0));
    const large = await fixture.files.add("x".repeat(5 * 1024 * 1024 + 1));
    const [one, two] = [await server.speak(binary), await server.speak(large)];
    await until(() => one.isSynced && two.isSynced);
    expect([one.facts[0], two.facts[0]]).toMatchObject([
      { readOnly: true, reason: "binary" },
      { readOnly: true, reason: "too-large" },
    ]);
    one.insert(0, "typed into a picture");
    await server.stop();
    expect(fixture.files.version(binary)).toBe(1);
  });

  it("[C42] a text that turns binary and back starts a new generation", async () => {
    const server = await fixture.serve();
    const fileId = await fixture.files.add("text");
    const client = await server.speak(fileId);
    await until(() => client.isSynced);
    await put(server, fileId, Uint8Array.of(1, 0, 2));
    await until(() => client.closeCode === CLOSE.generationChanged);
    const picture = await server.speak(fileId);
    await until(() => picture.isSynced);
    expect(picture.facts[0]).toMatchObject({ generation: 2, readOnly: true, reason: "binary" });
    await put(server, fileId, "text again");
    await until(() => picture.closeCode === CLOSE.generationChanged);
    const fresh = await server.speak(fileId);
    await until(() => fresh.isSynced);
    expect(fresh.text).toBe("text again");
    expect(fresh.facts[0]).toMatchObject({ readOnly: false });
    await server.stop();
  });

  it("[C42] a file that never was text can be edited when it becomes text", async () => {
    const server = await fixture.serve();
    const binary = await fixture.files.add(Uint8Array.of(0xff, 0xd8, 0));
    const large = await fixture.files.add("x".repeat(5 * 1024 * 1024 + 1));
    for (const fileId of [binary, large]) {
      const viewer = await server.speak(fileId);
      await until(() => viewer.isSynced);
      expect(viewer.facts[0]).toMatchObject({ readOnly: true });
      await put(server, fileId, "text at last\n");
      await until(() => viewer.closeCode !== undefined, "the end of the empty document");
      expect(viewer.closeCode).toBe(CLOSE.generationChanged);
      const editor = await server.speak(fileId);
      await until(() => editor.isSynced);
      expect(editor.text).toBe("text at last\n");
      editor.insert(0, "> ");
      await until(() => editor.saved === editor.sent);
      await server.collaboration.liveDocuments.checkpoint(fixture.files.projectId, fileId);
      expect(fixture.files.text(fileId)).toBe("> text at last\n");
    }
    await server.stop();
  });
});
