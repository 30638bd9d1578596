import { randomBytes } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Actor } from "#kernel/actor";
import { createFilesHousekeeping } from "../../files/housekeeping.ts";
import { openLiveFilesForFile, openTestLiveFiles } from "./test-live-files.ts";
import { readZip } from "./test-zip.ts";

const DAY_MS = 24 * 3600 * 1000;

const { projects, alice, bob } = await openLiveFilesForFile();

const code = (wanted: string): unknown => expect.objectContaining({ code: wanted });
const text = async (actor: Actor, projectId: string, path: string): Promise<string> =>
  Buffer.from((await projects.service.read(actor, projectId, { path })).bytes).toString();

/** A project of Alice's with a folder, an executable file, a large one that is a blob, and an empty folder. */
const makeOriginal = async (visibility: "public" | "private" = "public", owner: Actor = alice) => {
  const { id } = await projects.service.createProject(owner, {
    name: "Original",
    description: "What it is",
    visibility,
  });
  const large = randomBytes(150_000);
  await projects.service.createFile(owner, id, { path: "src/große Datei 😀.txt", content: "one" });
  await projects.service.putFile(owner, id, { path: "src/große Datei 😀.txt", content: "two" });
  await projects.service.createFile(owner, id, { path: "run.sh", content: "echo hi\n" });
  await projects.admin.query("update nodes set executable = true where project_id = $1 and name = 'run.sh'", [id]);
  await projects.service.createFile(owner, id, {
    path: "large.png",
    content: large.toString("base64"),
    encoding: "base64",
  });
  await projects.service.createFolder(owner, id, "empty/inner");
  return { id, large };
};
const paths = ["empty", "empty/inner", "large.png", "run.sh", "src", "src/große Datei 😀.txt"];
const referencesOf = async (actor: Actor) =>
  (
    await projects.admin.query<{ hash: string; storage_key: string; wrapped_key: Buffer }>(
      "select hash, storage_key, wrapped_key from blob_references where owner_id = $1 order by hash",
      [actor.userId],
    )
  ).rows;

describe("new projects", () => {
  test("[P30] a name that its owner uses already gets a number, also for concurrent calls", async () => {
    const carol = await projects.addUser("Carol");
    const make = async (name: string) => (await projects.service.createProject(carol, { name })).name;
    expect((await Promise.all([make("Untitled"), make("Untitled"), make("Untitled")])).toSorted()).toEqual([
      "Untitled",
      "Untitled 2",
      "Untitled 3",
    ]);
    expect(await make("Hello Python")).toBe("Hello Python");
    expect((await projects.service.createProject(bob, { name: "Untitled" })).name).toBe("Untitled");
    const { items } = await projects.service.listProjects(carol, {});
    const second = items.find(({ name }) => name === "Untitled 2");
    await projects.service.deleteProject(carol, second?.id ?? "");
    expect(await make("Untitled")).toBe("Untitled 2");
  });
});

describe("forks", () => {
  test("[P31] the owner's copy has every file with its newest text and no history, and stores no byte twice", async () => {
    const { id, large } = await makeOriginal("private");
    const before = await referencesOf(alice);
    projects.onCheckpoint = async (projectId) => {
      projects.onCheckpoint = async () => undefined;
      await projects.files.put(alice, projectId, { path: "run.sh", bytes: Buffer.from("typed\n") });
    };
    const copy = await projects.service.fork(alice, id, undefined);
    expect(copy).toMatchObject({
      name: "Original copy",
      description: "What it is",
      role: "owner",
      visibility: "private",
    });
    expect(copy).toMatchObject({ fileCount: 3, sizeBytes: 3 + 6 + large.length });
    const entries = await projects.service.tree(alice, copy.id);
    expect(entries.map(({ path }) => path)).toEqual(paths);
    expect(entries.filter(({ kind }) => kind === "file").map(({ version }) => version)).toEqual([1, 1, 1]);
    expect(entries.find(({ path }) => path === "run.sh")?.executable).toBe(true);
    expect(await text(alice, copy.id, "run.sh")).toBe("typed\n");
    expect(await text(alice, copy.id, "src/große Datei 😀.txt")).toBe("two");
    expect(await referencesOf(alice)).toHaveLength(before.length + 1);
    const again = await projects.service.fork(alice, id, undefined);
    expect([again.name, again.slug === copy.slug]).toEqual(["Original copy 2", false]);
    expect((await projects.service.fork(alice, id, "Mine")).name).toBe("Mine");
    const ids = new Set(entries.map((entry) => entry.id));
    expect((await projects.service.tree(alice, id)).some((entry) => ids.has(entry.id))).toBe(false);
  });

  test("[P31] somebody else's copy has its own keys, shares the stored bytes, and outlives the original", async () => {
    const [erik, dora] = [await projects.addUser("Erik"), await projects.addUser("Dora")];
    const { id, large } = await makeOriginal("public", erik);
    const copy = await projects.service.fork(dora, id, undefined);
    expect(copy.owner).toEqual({ id: dora.userId, name: "Dora" });
    const [theirs, mine] = [await referencesOf(erik), await referencesOf(dora)];
    expect(mine).toHaveLength(3);
    for (const reference of mine) {
      const original = theirs.find(({ hash }) => hash === reference.hash);
      expect(reference.storage_key).toBe(original?.storage_key);
      expect(reference.wrapped_key.equals(original?.wrapped_key ?? Buffer.alloc(0))).toBe(false);
    }
    // Small bodies wait in the staging table, where they belong to the original's owner.
    expect(await text(dora, copy.id, "src/große Datei 😀.txt")).toBe("two");
    expect(Buffer.compare((await projects.service.read(dora, copy.id, { path: "large.png" })).bytes, large)).toBe(0);
    await projects.admin.query("update projects set deleted_at = now() - interval '40 days' where id = $1", [id]);
    const tasks = createFilesHousekeeping({
      sql: projects.database.sql,
      blobs: projects.blobs,
    });
    for (const name of ["projects.deleted-projects", "projects.unused-content"]) {
      const task = tasks.find((candidate) => candidate.name === name);
      for (let more = true; more;) ({ more } = (await task?.step(Date.now() + 2 * DAY_MS)) ?? { more: false });
    }
    expect(await referencesOf(erik)).toEqual([]);
    expect(await text(dora, copy.id, "src/große Datei 😀.txt")).toBe("two");
    expect(Buffer.compare((await projects.service.read(dora, copy.id, { path: "large.png" })).bytes, large)).toBe(0);
    await projects.service.putFile(dora, copy.id, { path: "large.png", content: "small" });
    await expect(projects.service.fork(dora, id, undefined)).rejects.toEqual(code("projects/no-such-project"));
  });

  test("[P31] a user who may not see a project can't copy it; a viewer can", async () => {
    const { id } = await makeOriginal("private");
    await expect(projects.service.fork(bob, id, undefined)).rejects.toEqual(code("projects/no-such-project"));
    await projects.service.putMember(alice, id, { userId: bob.userId, role: "viewer" });
    expect((await projects.service.fork(bob, id, undefined)).role).toBe("owner");
  });

  test("[P31] the limits of the copying account apply", async () => {
    const small = await openTestLiveFiles({ mostProjects: 2, mostAccountBytes: 120 });
    const [owner, visitor] = [await small.addUser("Owner"), await small.addUser("Visitor")];
    const { id } = await small.service.createProject(owner, { name: "P", visibility: "public" });
    await small.service.createFile(owner, id, { path: "a.txt", content: "x".repeat(60) });
    await small.service.fork(visitor, id, undefined);
    const { id: other } = await small.service.createProject(owner, { name: "Q", visibility: "public" });
    await small.service.createFile(owner, other, { path: "a.txt", content: "y".repeat(40) });
    await small.service.putFile(owner, id, { path: "a.txt", content: "x" });
    await small.service.createFile(visitor, (await small.service.listProjects(visitor, {})).items[0]?.id ?? "", {
      path: "b.txt",
      content: "z".repeat(40),
    });
    await expect(small.service.fork(visitor, other, undefined)).rejects.toEqual(code("projects/too-large"));
    await expect(small.service.fork(owner, id, undefined)).rejects.toEqual(code("projects/limit-reached"));
    await small[Symbol.asyncDispose]();
  });
});

describe("exports", () => {
  const archiveOf = async (actor: Actor, projectId: string): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await projects.service.archive(actor, projectId)).zip) chunks.push(chunk);
    return Buffer.concat(chunks);
  };

  test("[P32] the archive has every file by its name, executable ones marked, and empty folders", async () => {
    const { id, large } = await makeOriginal();
    const entries = readZip(await archiveOf(bob, id));
    expect(entries.map(({ path }) => path).toSorted()).toEqual([
      "empty/inner/",
      "large.png",
      "run.sh",
      "src/große Datei 😀.txt",
    ]);
    const at = new Map(entries.map((entry) => [entry.path, entry]));
    expect(at.get("src/große Datei 😀.txt")).toMatchObject({ isUtf8: true, mode: 0o644, bytes: Buffer.from("two") });
    expect(at.get("run.sh")?.mode).toBe(0o755);
    expect(at.get("large.png")?.bytes.equals(large)).toBe(true);
  });

  test("[P32] pending live edits are in it, and a project without files is an archive without entries", async () => {
    const { id } = await projects.service.createProject(alice, { name: "Empty" });
    expect(readZip(await archiveOf(alice, id))).toEqual([]);
    projects.liveCalls.length = 0;
    await archiveOf(alice, id);
    expect(projects.liveCalls).toEqual([{ call: "checkpoint", projectId: id, fileId: undefined }]);
  });

  test("[P32] only the next file is in memory: when the reader stops, nothing more is read", async () => {
    const { id } = await projects.service.createProject(alice, { name: "Long" });
    for (let at = 0; at < 12; at++)
      await projects.service.createFile(alice, id, {
        path: `${at}.bin`,
        content: randomBytes(120_000).toString("base64"),
        encoding: "base64",
      });
    const reading = projects.blobs.get.bind(projects.blobs);
    let read = 0;
    projects.blobs.get = (key) => {
      read++;
      return reading(key);
    };
    try {
      const { zip: archive, largestBytes } = await projects.service.archive(alice, id);
      expect(largestBytes).toBe(120_000);
      const parts = archive[Symbol.asyncIterator]();
      await parts.next();
      for (let turns = 0; turns < 200; turns++) await nextTurn();
      expect(read).toBeLessThan(5);
      await parts.return?.();
      expect(read).toBeLessThan(6);
    } finally {
      projects.blobs.get = reading;
    }
  });

  test("[P32] a project that is deleted while its archive is sent is sent to its end, and not a second time", async () => {
    const { id } = await projects.service.createProject(alice, { name: "Raced" });
    for (let at = 0; at < 130; at++)
      await projects.service.createFile(alice, id, { path: `${at}.txt`, content: `${at}` });
    await projects.service.putMember(alice, id, { userId: bob.userId, role: "viewer" });
    const begun = [await projects.service.archive(alice, id), await projects.service.archive(bob, id)];
    await projects.service.deleteProject(alice, id);
    for (const { zip: archive } of begun) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of archive) chunks.push(chunk);
      expect(readZip(Buffer.concat(chunks)).map(({ bytes }) => bytes.toString())).toHaveLength(130);
    }
    await expect(projects.service.archive(alice, id)).rejects.toEqual(code("projects/no-such-project"));
  });

  test("[P32] a reader who loses the right to see a project gets no further files, and the archive is visibly incomplete", async () => {
    const { id } = await projects.service.createProject(alice, { name: "Taken" });
    for (let at = 0; at < 130; at++)
      await projects.service.createFile(alice, id, { path: `${at}.txt`, content: `${at}` });
    await projects.service.putMember(alice, id, { userId: bob.userId, role: "viewer" });
    const { zip: archive } = await projects.service.archive(bob, id);
    await projects.service.deleteMember(alice, id, bob.userId);
    const drain = async (): Promise<void> => {
      for await (const chunk of archive) void chunk;
    };
    await expect(drain()).rejects.toEqual(code("projects/no-such-project"));
  });
});
