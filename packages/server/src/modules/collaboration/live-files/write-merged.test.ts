/** Files that a program wrote, on a real database: versions, merges, rights and limits. */
import { beforeEach, describe, expect, test } from "vitest";
import { mergeTexts } from "../external/merge-texts.ts";
import { openLiveFilesForFile } from "./test-live-files.ts";

const { projects, alice, bob } = await openLiveFilesForFile({ limits: { mostBytes: 10_000, mostNodes: 10 } });
let projectId: string;

beforeEach(async () => {
  projects.onCheckpoint = async () => undefined;
  projectId = (await projects.service.createProject(alice, { name: "p" })).id;
});

const merged = (base: string, current: string, changed: string): string =>
  mergeTexts({ base, current, changed }, () => false);
const keep = (path: string, content: string | Uint8Array, basedOn?: number, actor = alice) =>
  projects.service.writeMerged(actor, projectId, { path, bytes: Buffer.from(content as string), basedOn });
const text = async (path: string): Promise<string> =>
  Buffer.from((await projects.service.read(alice, projectId, { path })).bytes).toString();
const put = (path: string, content: string) => projects.service.putFile(alice, projectId, { path, content });
const create = (path: string, content: string) => projects.service.createFile(alice, projectId, { path, content });

describe("files that a program wrote", () => {
  test("[P33] a new one is created, with its folders, and published; a changed one is the next version", async () => {
    expect((await keep("out/plot.png", Uint8Array.of(0x89, 0, 255))).entry).toMatchObject({ version: 1, size: 3 });
    await create("a.txt", "one");
    expect((await keep("a.txt", "two", 1)).entry.version).toBe(2);
    expect(await text("a.txt")).toBe("two");
    expect((await projects.service.history(alice, projectId, "a.txt")).map(({ version }) => version)).toEqual([2, 1]);
    expect(projects.published.filter(({ topic }) => topic === "project-event").length).toBeGreaterThanOrEqual(3);
  });

  test("[P33] the same bytes make no new version", async () => {
    await create("a.txt", "one");
    expect((await keep("a.txt", "one", 1)).entry.version).toBe(1);
  });

  test("[P33] one that was changed meanwhile is merged, based on the version that the program read", async () => {
    await create("a.txt", "one");
    await put("a.txt", "typed");
    expect((await keep("a.txt", "two", 1)).entry.version).toBe(3);
    expect(await text("a.txt")).toBe(merged("one", "typed", "two"));
  });

  test("[P33] live edits that are in no version yet count as changes", async () => {
    const { entry } = await create("a.txt", "one");
    projects.onCheckpoint = async () => {
      projects.onCheckpoint = async () => undefined;
      const bytes = Buffer.from("typed");
      await projects.service.saveCheckpoint({
        projectId,
        fileId: entry.id,
        bytes,
        basedOn: 1,
        editorIds: [bob.userId],
      });
    };
    await keep("a.txt", "two", 1);
    expect(await text("a.txt")).toBe(merged("one", "typed", "two"));
  });

  test("[P33] a concurrent save is kept", async () => {
    await create("a.txt", "one");
    let saves = 0;
    projects.onCheckpoint = async () => {
      if (saves < 2) await put("a.txt", `typed ${(saves += 1)}`);
    };
    const kept = keep("a.txt", "two", 1);
    await put("a.txt", "beside");
    await kept;
    const versions = await projects.service.history(alice, projectId, "a.txt");
    const all = await Promise.all(
      versions.map(async ({ version }) =>
        Buffer.from((await projects.service.read(alice, projectId, { path: "a.txt", version })).bytes).toString(),
      ),
    );
    const [newest, before, ...rest] = all;
    expect(newest).toBe(merged("one", before ?? "", "two"));
    expect([before, ...rest]).toEqual(expect.arrayContaining(["one", "beside", "typed 1"]));
    expect(versions.length).toBe(3 + saves);
  });

  test("[P33] a binary file that was changed on both sides keeps the bytes that the user saved", async () => {
    await projects.service.createFile(alice, projectId, { path: "b", content: "AP8=", encoding: "base64" });
    await projects.service.putFile(alice, projectId, { path: "b", content: "AP7/", encoding: "base64" });
    await expect(keep("b", Uint8Array.of(1), 1)).rejects.toMatchObject({ code: "projects/version-conflict" });
    expect((await keep("b", Uint8Array.of(2), 2)).entry.version).toBe(3);
  });

  test("[P33] one that was removed meanwhile is created again, one that was created meanwhile gets the next version", async () => {
    await create("a.txt", "one");
    await projects.service.remove(alice, projectId, { path: "a.txt", recursive: false });
    expect((await keep("a.txt", "two", 1)).entry.version).toBe(1);
    await create("b.txt", "theirs");
    expect((await keep("b.txt", "ours")).entry.version).toBe(2);
  });

  test("[P33] the current rights apply; name clashes, folders, and full projects are refused", async () => {
    await expect(keep("a.txt", "x", undefined, bob)).rejects.toMatchObject({ code: "projects/no-such-project" });
    await projects.service.putMember(alice, projectId, { userId: bob.userId, role: "viewer" });
    await expect(keep("a.txt", "x", undefined, bob)).rejects.toMatchObject({ code: "projects/role-too-low" });
    await create("a.txt", "one");
    await expect(keep("A.txt", "x")).rejects.toMatchObject({ code: "projects/path-taken" });
    await expect(keep("a.txt/below", "x")).rejects.toMatchObject({ code: "projects/not-a-folder" });
    await projects.service.createFolder(alice, projectId, "folder");
    await expect(keep("folder", "x")).rejects.toMatchObject({ code: "projects/not-a-file" });
    await expect(keep("large", "x".repeat(10_001))).rejects.toMatchObject({ code: "projects/too-large" });
    expect((await projects.service.tree(alice, projectId)).map(({ path }) => path).toSorted()).toEqual([
      "a.txt",
      "folder",
    ]);
  });

  test("[P34] whether the editor's runs bring files back is the owner's setting, on at first", async () => {
    expect((await projects.service.getProject(alice, projectId)).keepRunFiles).toBe(true);
    const changed = await projects.service.updateProject(alice, projectId, { keepRunFiles: false });
    expect(changed.keepRunFiles).toBe(false);
    expect((await projects.service.updateProject(alice, projectId, { name: "q" })).keepRunFiles).toBe(false);
  });
});
