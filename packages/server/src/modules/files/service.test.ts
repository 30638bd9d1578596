import { beforeEach, describe, expect, test, vi } from "vitest";
import type { Actor } from "#kernel/actor";
import { createId } from "#kernel/ids";
import { openFilesForFile } from "./test-files.ts";

const { projects, alice, bob } = await openFilesForFile();
let projectId: string;

beforeEach(async () => {
  projectId = (await projects.service.createProject(alice, { name: "Test" })).id;
  projects.published.length = 0;
});

const create = (path: string, content = "one", actor = alice) =>
  projects.service.createFile(actor, projectId, { path, content });
const put = (path: string, content: string, more: { version?: number; idempotencyKey?: string } = {}, actor = alice) =>
  projects.service.putFile(actor, projectId, { path, content, ...more });
const text = async (path: string, version?: number, actor = alice) =>
  Buffer.from((await projects.service.read(actor, projectId, { path, version })).bytes).toString();
const code = (value: string): unknown => expect.objectContaining({ code: value });
const join = async (actor: Actor, role: "editor" | "viewer") =>
  projects.service.putMember(alice, projectId, { userId: actor.userId, role });

describe("projects", () => {
  test("[P1] in every operation an invisible project is 404, and a role that is too low is 403", async () => {
    await create("a.txt");
    const { service } = projects;
    const operations: Array<() => Promise<unknown>> = [
      () => service.getProject(bob, projectId),
      () => service.updateProject(bob, projectId, { name: "x" }),
      () => service.deleteProject(bob, projectId),
      () => service.restoreProject(bob, projectId),
      () => service.tree(bob, projectId),
      () => service.read(bob, projectId, { path: "a.txt" }),
      () => create("b.txt", "", bob),
      () => put("a.txt", "x", {}, bob),
      () => service.remove(bob, projectId, { path: "a.txt", recursive: false }),
      () => service.history(bob, projectId, "a.txt"),
      () => service.createFolder(bob, projectId, "d"),
      () => service.move(bob, projectId, { from: "a.txt", to: "c.txt" }),
      () => service.listMembers(bob, projectId),
      () => service.putMember(bob, projectId, { userId: bob.userId, role: "editor" }),
      () => service.deleteMember(bob, projectId, alice.userId),
      () => service.createLink(bob, projectId, { role: "viewer" }),
      () => service.listLinks(bob, projectId),
      () => service.editorState(bob, projectId),
      () => service.putEditorState(bob, projectId, { a: 1 }),
      () => service.readAll(bob, projectId, { maxBytes: 1e9 }),
      () => service.requireRole(bob, projectId, "viewer"),
    ];
    for (const operation of operations) await expect(operation()).rejects.toEqual(code("projects/no-such-project"));
    expect(projects.published).toHaveLength(1);
    await join(bob, "viewer");
    const refused = [1, 2, 3, 6, 7, 8, 10, 11, 13, 14, 15, 16];
    for (const index of refused) await expect(operations[index]?.()).rejects.toEqual(code("projects/role-too-low"));
    expect(await text("a.txt", undefined, bob)).toBe("one");
    expect((await service.tree(bob, projectId)).map((entry) => entry.path)).toEqual(["a.txt"]);
    expect(await service.roleOf(bob.userId, projectId)).toBe("viewer");
    expect(await service.roleOf(createId(), projectId)).toBeUndefined();
    expect(await service.roleOf(bob.userId, "not an id")).toBeUndefined();
  });

  test("[P1] an unlisted project can be read by everybody with its id, and is in no other user's list", async () => {
    await create("a.txt");
    await projects.service.updateProject(alice, projectId, { visibility: "unlisted" });
    expect((await projects.service.getProject(bob, projectId)).role).toBe("viewer");
    expect(await text("a.txt", undefined, bob)).toBe("one");
    await expect(put("a.txt", "x", {}, bob)).rejects.toEqual(code("projects/role-too-low"));
    const listed = await projects.service.listProjects(bob, {});
    expect(listed.items.map(({ id }) => id)).not.toContain(projectId);
  });

  test("[P2] a project has a slug, an owner with a name, and the files of its template; an unknown one is refused", async () => {
    const made = await projects.service.createProject(alice, { name: "Mein Spiel №1 — Ärger", template: "python" });
    expect(made).toMatchObject({ role: "owner", owner: { id: alice.userId, name: "Alice" }, visibility: "private" });
    expect(made).toMatchObject({ fileCount: 1, sizeBytes: 15 });
    expect(made.slug).toMatch(/^mein-spiel-no1-arger-[0-9a-f]{10}$/u);
    const { bytes } = await projects.service.read(alice, made.id, { path: "main.py" });
    expect(Buffer.from(bytes).toString()).toBe("print('hello')\n");
    await expect(projects.service.createProject(alice, { name: "x", template: "../etc" })).rejects.toEqual(
      code("projects/no-such-template"),
    );
  });

  test("[P2] the bin: nobody sees the project, the owner can restore it", async () => {
    await join(bob, "editor");
    await create("a.txt");
    await projects.service.deleteProject(alice, projectId);
    for (const actor of [alice, bob]) {
      await expect(projects.service.getProject(actor, projectId)).rejects.toEqual(code("projects/no-such-project"));
      await expect(text("a.txt", 1, actor)).rejects.toEqual(code("projects/no-such-project"));
      expect((await projects.service.listProjects(actor, {})).items.map(({ id }) => id)).not.toContain(projectId);
    }
    await expect(projects.service.restoreProject(bob, projectId)).rejects.toEqual(code("projects/no-such-project"));
    await projects.service.restoreProject(alice, projectId);
    expect(await text("a.txt", undefined, bob)).toBe("one");
    expect(projects.published).toContainEqual({ topic: "rights-changed", message: { projectId } });
  });
});

describe("files", () => {
  test("[P41] no byte is stored for a user without the right to write, or for an impossible write", async () => {
    const large = "x".repeat(200_000);
    await create("a.txt");
    await projects.service.createFolder(alice, projectId, "folder");
    await join(bob, "viewer");
    const stranger = await projects.addUser("Stranger");
    const writing = vi.spyOn(projects.blobs, "put");
    try {
      for (const [actor, wanted] of [
        [bob, "projects/role-too-low"],
        [stranger, "projects/no-such-project"],
      ] as const) {
        await expect(put("a.txt", large, {}, actor)).rejects.toEqual(code(wanted));
        await expect(put("a.txt", large, { idempotencyKey: "k" }, actor)).rejects.toEqual(code(wanted));
        await expect(create("b.txt", large, actor)).rejects.toEqual(code(wanted));
      }
      await expect(put("a.txt", large, { version: 7 })).rejects.toEqual(code("projects/version-conflict"));
      await expect(put("absent.txt", large)).rejects.toEqual(code("projects/no-such-file"));
      await expect(put("folder", large)).rejects.toEqual(code("projects/not-a-file"));
      await expect(create("a.txt", large)).rejects.toEqual(code("projects/path-taken"));
      expect(writing).not.toHaveBeenCalled();
      // The first response is repeated although the expected version is no longer the newest.
      const first = await put("a.txt", large, { version: 1, idempotencyKey: "again" });
      expect((await put("a.txt", large, { version: 1, idempotencyKey: "again" })).entry).toEqual(first.entry);
      expect(writing).toHaveBeenCalled();
    } finally {
      writing.mockRestore();
    }
  });

  test("[P5] versions count from 1 without a gap; each keeps its bytes; history names the authors", async () => {
    expect((await create("a.txt", "one")).entry.version).toBe(1);
    await join(bob, "editor");
    expect((await put("a.txt", "two", {}, bob)).entry).toMatchObject({ version: 2, size: 3 });
    expect((await put("a.txt", "three", { version: 2 })).entry.version).toBe(3);
    expect([await text("a.txt", 1), await text("a.txt", 2), await text("a.txt")]).toEqual(["one", "two", "three"]);
    await projects.service.deleteMember(alice, projectId, bob.userId);
    const history = await projects.service.history(alice, projectId, "a.txt");
    expect(history.map(({ version, author }) => [version, author?.name])).toEqual([
      [3, "Alice"],
      [2, "Bob"],
      [1, "Alice"],
    ]);
    await expect(text("a.txt", 4)).rejects.toEqual(code("projects/no-such-version"));
  });

  test("[P5] a stale version is refused with the newest, and nothing changes", async () => {
    await create("a.txt");
    await put("a.txt", "two");
    await expect(put("a.txt", "late", { version: 1 })).rejects.toMatchObject({
      code: "projects/version-conflict",
      extra: { currentVersion: 2 },
    });
    expect(await text("a.txt")).toBe("two");
    await expect(put("missing.txt", "x")).rejects.toEqual(code("projects/no-such-file"));
    await expect(put("missing.txt", "x", { version: 1 })).rejects.toEqual(code("projects/no-such-file"));
  });

  test("[P5] of many saves with one version exactly one wins; without a version all get one, without a gap", async () => {
    await create("a.txt");
    const save = (content: string, expected?: number) =>
      projects.files.put(alice, projectId, { path: "a.txt", bytes: Buffer.from(content), expected });
    const racing = await Promise.allSettled(Array.from({ length: 12 }, (_, index) => save(`racer ${index}`, 1)));
    expect(racing.filter((result) => result.status === "fulfilled")).toHaveLength(1);
    const winner = racing.findIndex((result) => result.status === "fulfilled");
    expect(await text("a.txt")).toBe(`racer ${winner}`);
    const saves = await Promise.all(
      Array.from({ length: 12 }, async (_, index) => ({ ...(await save(`free ${index}`)), bytes: `free ${index}` })),
    );
    expect(saves.map(({ entry }) => entry.version).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 12 }, (_, index) => index + 3),
    );
    for (const { entry, bytes } of saves) expect(await text("a.txt", entry.version)).toBe(bytes);
  });

  test("[P6] the same bytes make no version and no event; a stale version is refused nevertheless", async () => {
    await create("a.txt");
    projects.published.length = 0;
    expect((await put("a.txt", "one")).entry.version).toBe(1);
    expect((await put("a.txt", "one", { version: 1 })).entry.version).toBe(1);
    expect(projects.published).toEqual([]);
    await put("a.txt", "two");
    await expect(put("a.txt", "two", { version: 1 })).rejects.toEqual(code("projects/version-conflict"));
  });

  test("[P7] a checkpoint on another base writes nothing and returns the newest version; for a deleted file it returns undefined", async () => {
    const { entry } = await create("a.txt");
    await put("a.txt", "two");
    const save = { projectId, fileId: entry.id, bytes: Buffer.from("typed"), basedOn: 1, editorIds: [alice.userId] };
    const answer = await projects.service.saveCheckpoint(save);
    expect(answer).toMatchObject({ conflict: { entry: { version: 2, path: "a.txt" } } });
    expect(await text("a.txt")).toBe("two");
    const saved = await projects.service.saveCheckpoint({ ...save, basedOn: 2 });
    expect(saved).toMatchObject({ changed: true, entry: { version: 3, path: "a.txt" } });
    expect(await projects.service.saveCheckpoint({ ...save, basedOn: 3 })).toMatchObject({
      changed: false,
      entry: { version: 3 },
    });
    await projects.service.remove(alice, projectId, { path: "a.txt", recursive: false });
    expect(await projects.service.saveCheckpoint({ ...save, basedOn: 3 })).toBeUndefined();
    expect(await projects.service.readStored(projectId, entry.id)).toBeUndefined();
  });

  test("[P46] a version that a run waits with is read after its file, its folder and its project were deleted", async () => {
    const { service } = projects;
    const main = await create("src/main.py");
    await put("src/main.py", "two");
    const large = await create("large.txt", "x".repeat(200_000));
    const pinned = async (fileId: string, version: number): Promise<number | string | undefined> => {
      const bytes = await service.readPinned(projectId, fileId, version);
      return bytes && (bytes.byteLength > 10 ? bytes.byteLength : Buffer.from(bytes).toString());
    };
    const all = async () => [
      await pinned(main.entry.id, 1),
      await pinned(main.entry.id, 2),
      await pinned(large.entry.id, 1),
    ];
    const expected = ["one", "two", 200_000];
    expect(await all()).toEqual(expected);
    await service.remove(alice, projectId, { path: "src", recursive: true });
    await service.remove(alice, projectId, { path: "large.txt", recursive: false });
    expect(await all()).toEqual(expected);
    await service.deleteProject(alice, projectId);
    expect(await all()).toEqual(expected);
    expect(await pinned(main.entry.id, 3)).toBeUndefined();
    expect(await service.readPinned(createId(), main.entry.id, 1)).toBeUndefined();
    expect(await service.readPinned(projectId, "no id", 1)).toBeUndefined();
  });

  test("[P8] an idempotency key returns the first response again, and refuses another request", async () => {
    const again = { path: "k.txt", content: "one", idempotencyKey: `key-${createId()}` };
    const first = await projects.service.createFile(alice, projectId, again);
    const events = projects.published.length;
    expect((await projects.service.createFile(alice, projectId, again)).entry).toEqual(first.entry);
    expect(projects.published).toHaveLength(events);
    await expect(projects.service.createFile(alice, projectId, { ...again, content: "two" })).rejects.toEqual(
      code("projects/idempotency-mismatch"),
    );
    const idempotencyKey = `key-${createId()}`;
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => put("k.txt", "two", { version: 1, idempotencyKey })),
    );
    expect(new Set(answers.map(({ entry }) => entry.version))).toEqual(new Set([2]));
    expect((await projects.service.history(alice, projectId, "k.txt")).length).toBe(2);
  });

  test("[P10] identical content of one owner is stored once, small and large, and read after the move to the store", async () => {
    const large = "x".repeat(300_000);
    for (const content of [`small ${createId()}`, large]) {
      const stored = async () => {
        const { rows } = await projects.admin.query<{ n: string }>("select count(*) as n from blob_references");
        return Number(rows[0]?.n);
      };
      const before = await stored();
      await create(`a-${content.length}.txt`, content);
      await create(`b-${content.length}.txt`, content);
      expect(await stored()).toBe(before + 1);
      expect(await text(`b-${content.length}.txt`)).toBe(content);
    }
  });

  test("[P12] deleting a folder needs recursive, deletes everything below, announces the ids, and frees size and names", async () => {
    const { entry: file } = await create("d/e/a.txt", "12345");
    const { entry: other } = await create("top.txt", "123");
    await expect(projects.service.remove(alice, projectId, { path: "d", recursive: false })).rejects.toEqual(
      code("projects/folder-not-empty"),
    );
    projects.published.length = 0;
    await projects.service.remove(alice, projectId, { path: "d", recursive: true });
    expect(projects.published).toContainEqual({ topic: "files-removed", message: { projectId, fileIds: [file.id] } });
    const removed = projects.published[0]?.message as { event: { ids: string[] } };
    expect(removed.event.ids).toHaveLength(3);
    expect((await projects.service.tree(alice, projectId)).map(({ id }) => id)).toEqual([other.id]);
    expect(await projects.service.getProject(alice, projectId)).toMatchObject({ sizeBytes: 3, fileCount: 1 });
    expect((await create("d/e/a.txt", "again")).entry.version).toBe(1);
  });

  test("[P13] deduplication, size and count are exact after concurrent saves", async () => {
    await Promise.all(Array.from({ length: 8 }, (_, index) => create(`f${index}`, "12345")));
    await Promise.all(Array.from({ length: 40 }, (_, index) => put(`f${index % 8}`, "y".repeat(index + 1))));
    const tree = await projects.service.tree(alice, projectId);
    const project = await projects.service.getProject(alice, projectId);
    expect(project.sizeBytes).toBe(tree.reduce((sum, entry) => sum + entry.size, 0));
    expect(project.fileCount).toBe(8);
  });
});
