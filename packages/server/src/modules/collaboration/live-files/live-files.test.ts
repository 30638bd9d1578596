import { beforeEach, describe, expect, test, vi } from "vitest";
import { openLiveFilesForFile } from "./test-live-files.ts";

const { projects, alice, bob } = await openLiveFilesForFile();
let projectId: string;

beforeEach(async () => {
  projectId = (await projects.service.createProject(alice, { name: "Test" })).id;
  projects.liveCalls.length = 0;
  projects.onCheckpoint = async () => undefined;
});

const create = (path: string, content = "one") => projects.service.createFile(alice, projectId, { path, content });
const put = (path: string, content: string) => projects.service.putFile(alice, projectId, { path, content });
const text = async (path: string, version?: number) =>
  Buffer.from((await projects.service.read(alice, projectId, { path, version })).bytes).toString();
const code = (value: string): unknown => expect.objectContaining({ code: value });

describe("the newest text", () => {
  test("[P7] a read checkpoints the live document first, an older version does not, and a failure is not served as newest", async () => {
    const { entry } = await create("a.txt");
    projects.onCheckpoint = async () => {
      await projects.service.saveCheckpoint({
        projectId,
        fileId: entry.id,
        bytes: Buffer.from("typed"),
        basedOn: 1,
        editorIds: [alice.userId, bob.userId],
      });
    };
    expect(await text("a.txt")).toBe("typed");
    expect(projects.liveCalls).toEqual([{ call: "checkpoint", projectId, fileId: entry.id }]);
    expect((await projects.service.history(alice, projectId, "a.txt"))[0]?.author?.id).toBe(bob.userId);
    projects.onCheckpoint = () => Promise.reject(new Error("planted"));
    await expect(text("a.txt")).rejects.toThrow("planted");
    expect(await text("a.txt", 1)).toBe("one");
  });

  test("[P7] a put does not checkpoint, and is merged into the open document with the version it is based on", async () => {
    const { entry } = await create("a.txt");
    await put("a.txt", "two");
    expect(projects.liveCalls).toEqual([
      {
        call: "applyExternal",
        projectId,
        fileId: entry.id,
        basedOn: 1,
        version: 2,
        bytes: Buffer.from("two"),
        userId: alice.userId,
      },
    ]);
  });

  test("[P6] the same bytes are not merged into the document", async () => {
    await create("a.txt");
    expect((await put("a.txt", "one")).entry.version).toBe(1);
    expect(projects.liveCalls).toEqual([]);
  });

  test("[P9] an unpaired surrogate and non-canonical base64 are refused, valid bytes are stored unchanged", async () => {
    await expect(create("a.txt", "\ud800")).rejects.toEqual(code("projects/content-invalid"));
    for (const content of ["=", "YQ", "YQ==\n", "Y Q==", "YR==", "Y-_="]) {
      await expect(
        projects.service.createFile(alice, projectId, { path: "b", content, encoding: "base64" }),
      ).rejects.toEqual(code("projects/content-invalid"));
    }
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    await projects.service.createFile(alice, projectId, {
      path: "b.bin",
      content: bytes.toString("base64"),
      encoding: "base64",
    });
    expect(Buffer.compare((await projects.service.read(alice, projectId, { path: "b.bin" })).bytes, bytes)).toBe(0);
  });

  test("[P11] restoring makes a new version with the old bytes", async () => {
    await create("a.txt", "one");
    await put("a.txt", "two");
    const restored = await projects.service.restore(alice, projectId, { path: "a.txt", version: 1 });
    expect(restored.entry.version).toBe(3);
    expect(await text("a.txt")).toBe("one");
    await expect(projects.service.restore(alice, projectId, { path: "a.txt", version: 9 })).rejects.toEqual(
      code("projects/no-such-version"),
    );
  });

  test("[P41] no byte is written for a user who may not restore a version", async () => {
    await create("a.txt", "x".repeat(200_000));
    await projects.service.putMember(alice, projectId, { userId: bob.userId, role: "viewer" });
    const stranger = await projects.addUser("Stranger");
    const writing = vi.spyOn(projects.blobs, "put");
    try {
      for (const [actor, wanted] of [
        [bob, "projects/role-too-low"],
        [stranger, "projects/no-such-project"],
      ] as const)
        await expect(projects.service.restore(actor, projectId, { path: "a.txt", version: 1 })).rejects.toEqual(
          code(wanted),
        );
      expect(writing).not.toHaveBeenCalled();
    } finally {
      writing.mockRestore();
    }
  });

  test("[P14] readAll gives every file with its bytes after a checkpoint, and refuses above the limit", async () => {
    await create("a.txt", "one");
    await create("d/b.txt", "two");
    const all = await projects.service.readAll(alice, projectId, { maxBytes: 6 });
    expect(new Map(all.map(({ entry, bytes }) => [entry.path, Buffer.from(bytes).toString()]))).toEqual(
      new Map([
        ["a.txt", "one"],
        ["d/b.txt", "two"],
      ]),
    );
    expect(projects.liveCalls).toContainEqual({ call: "checkpoint", projectId, fileId: undefined });
    await expect(projects.service.readAll(alice, projectId, { maxBytes: 5 })).rejects.toEqual(
      code("projects/too-large"),
    );
  });
});
