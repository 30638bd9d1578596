import { describe, expect, test } from "vitest";
import { createId } from "#kernel/ids";
import { createPgSql } from "../../platform/sql/adapters/pg-sql.ts";
import { silentLog } from "#kernel/log";
import type { Transaction } from "#platform/sql";
import { deleteBinnedProjects, deleteVersions } from "./retention.ts";
import { oldestStaged } from "./staged-bodies.ts";
import { createFilesHousekeeping } from "./housekeeping.ts";
import { openFilesForFile } from "./test-files.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const { projects, alice } = await openFilesForFile();

const run = async (name: string, nowMs = Date.now()): Promise<number> => {
  const tasks = createFilesHousekeeping({
    sql: projects.database.sql,
    blobs: projects.blobs,
  });
  const task = tasks.find((found) => found.name === name);
  if (task === undefined) throw new Error(`no task ${name}`);
  let removed = 0;
  for (let steps = 0; steps < 300; steps += 1) {
    const done = await task.step(nowMs);
    removed += done.removed;
    // The store is swept one part after the other.
    if (!done.more && (name !== "projects.stray-blobs" || steps >= 256)) return removed;
  }
  throw new Error(`${name} does not end`);
};
const asJob = <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> =>
  projects.database.sql.transaction({ role: "jobs" }, work);
const rows = async <Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> =>
  (await projects.admin.query<Row>(text, values)).rows;
const newProject = async (): Promise<string> => (await projects.service.createProject(alice, { name: "P" })).id;
const put = (projectId: string, path: string, content: string) =>
  projects.service.putFile(alice, projectId, { path, content });
const create = (projectId: string, path: string, content: string) =>
  projects.service.createFile(alice, projectId, { path, content });
const read = async (projectId: string, path: string, version?: number): Promise<string> =>
  Buffer.from((await projects.service.read(alice, projectId, { path, version })).bytes).toString();
const storageKeyOf = async (hash: string | null): Promise<string> =>
  (await rows<{ key: string }>("select storage_key as key from blob_references where hash = $1", [hash]))[0]?.key ?? "";
/** Makes a version so much older. */
const age = (projectId: string, version: number, ms: number) =>
  rows(
    "update file_versions set created_at = now() - $3 * interval '1 millisecond' where project_id = $1 and version = $2",
    [projectId, version, ms],
  );

/** Inserts an execution that saw these versions, now or so many days ago. */
const execute = (projectId: string, versions: Readonly<Record<string, number>>, daysAgo = 0) =>
  rows(
    `insert into executions (id, project_id, user_id, language, runtime_version, entry_point, args, tty, limits, status,
        queued_at, usage, code_hash, file_versions)
      values ($1, $2, $3, 'python', '3', 'a.txt', '[]', false, '{}', 'succeeded', now() - $5 * interval '1 day', '{}', '', $4)`,
    [createId(), projectId, alice.userId, JSON.stringify(versions), daysAgo],
  );

describe("what files removes", () => {
  test("[P23] a version is noted once for any number of runs, as long as one of their rows may exist", async () => {
    const projectId = await newProject();
    const { entry } = await create(projectId, "folder/a.txt", "1");
    const uses = () =>
      rows<{ file_id: string; version: number; days: number }>(
        `select file_id, version, round(extract(epoch from kept_until - now()) / 86400)::integer as days
          from file_version_uses where project_id = $1`,
        [projectId],
      );
    await execute(projectId, { "folder/a.txt": 1 }, 20);
    expect(await uses()).toEqual([{ file_id: entry.id, version: 1, days: 15 }]);
    for (let again = 0; again < 5; again++) await execute(projectId, { "folder/a.txt": 1 });
    expect(await uses()).toEqual([{ file_id: entry.id, version: 1, days: 35 }]);
    expect(await run("projects.version-uses", Date.now() + 34 * DAY_MS)).toBe(0);
    expect(await run("projects.version-uses", Date.now() + 36 * DAY_MS)).toBe(1);
    expect(await uses()).toEqual([]);
  });

  test("[P23] versions are thinned; the newest, a document's and an execution's are kept, and each kept one has its bytes", async () => {
    const projectId = await newProject();
    const { entry } = await create(projectId, "a.txt", "version 1");
    for (let version = 2; version <= 12; version += 1) await put(projectId, "a.txt", `version ${version}`);
    // Two days old, all within one window of ten minutes, but for the newest.
    const window = Math.ceil((Date.now() - 2 * DAY_MS) / (10 * MINUTE_MS)) * 10 * MINUTE_MS;
    for (let version = 1; version <= 11; version += 1)
      await age(projectId, version, Date.now() - window - version * 1_000);
    await rows(
      "insert into documents (project_id, file_id, generation, fence, base_version) values ($1, $2, 1, 1, 4)",
      [projectId, entry.id],
    );
    // Another file has a version of that number too, which nothing refers to.
    await create(projectId, "other.txt", "version 1");
    for (let version = 2; version <= 12; version += 1) await put(projectId, "other.txt", `other ${version}`);
    for (let version = 1; version <= 11; version += 1)
      await age(projectId, version, Date.now() - window - version * 1_000);
    await execute(projectId, { "a.txt": 7, "gone.txt": 3 });
    await execute(projectId, { "a.txt": 7 });
    await projects.service.move(alice, projectId, { from: "a.txt", to: "renamed/b.txt" });
    expect(await run("projects.versions")).toBe(7 + 10);
    const others = (await projects.service.history(alice, projectId, "other.txt")).map(({ version }) => version);
    expect(others).toEqual([12, 11]);
    await projects.service.move(alice, projectId, { from: "renamed/b.txt", to: "a.txt" });
    const left = (await projects.service.history(alice, projectId, "a.txt")).map(({ version }) => version);
    expect(left).toEqual([12, 11, 7, 5, 4]);
    for (const version of left) expect(await read(projectId, "a.txt", version)).toBe(`version ${version}`);
    await expect(read(projectId, "a.txt", 3)).rejects.toMatchObject({ code: "projects/no-such-version" });
    expect(await run("projects.versions")).toBe(0);
    await put(projectId, "a.txt", "version 13");
    expect(await read(projectId, "a.txt")).toBe("version 13");
  });

  test("[P23] the newest version is kept even when it is the only one in the list to delete", async () => {
    const projectId = await newProject();
    const { entry } = await create(projectId, "a.txt", "one");
    await put(projectId, "a.txt", "two");
    const both = [1, 2].map((version) => ({ projectId, fileId: entry.id, version }));
    expect(await asJob((transaction) => deleteVersions(transaction, both))).toBe(1);
    expect(await read(projectId, "a.txt")).toBe("two");
  });

  test("[P24] content is removed with its blob a day after its last version; content of another owner's version is kept", async () => {
    const projectId = await newProject();
    const large = "large ".repeat(40_000);
    await run("projects.unused-content", Date.now() + 2 * DAY_MS);
    const { entry } = await create(projectId, "large.txt", large);
    await create(projectId, "twin.txt", "shared");
    await create(projectId, "other.txt", "shared");
    const key = await storageKeyOf(entry.hash);
    expect(await projects.blobs.has(key)).toBe(true);
    await projects.service.remove(alice, projectId, { path: "large.txt", recursive: false });
    await projects.service.remove(alice, projectId, { path: "twin.txt", recursive: false });
    expect(await run("projects.deleted-files", Date.now() + 29 * DAY_MS)).toBe(0);
    expect(await run("projects.deleted-files", Date.now() + 31 * DAY_MS)).toBe(2);
    // Noted just now: a read that began before may still need it.
    expect(await run("projects.unused-content", Date.now() + DAY_MS / 2)).toBe(0);
    expect(await projects.blobs.has(key)).toBe(true);
    expect(await run("projects.unused-content", Date.now() + 2 * DAY_MS)).toBe(1);
    expect(await projects.blobs.has(key)).toBe(false);
    expect(await storageKeyOf(entry.hash)).toBe("");
    expect(await read(projectId, "other.txt")).toBe("shared");
    expect(await rows("select from blob_candidates")).toEqual([]);
    // The same bytes come back as new ones.
    await create(projectId, "large.txt", large);
    expect(await read(projectId, "large.txt")).toBe(large);
  });

  test("[P24] content that is saved again during the check is not removed", async () => {
    const projectId = await newProject();
    const { entry } = await create(projectId, "a.txt", "wanted again");
    await rows("delete from file_versions where project_id = $1", [projectId]);
    await rows("insert into blob_candidates (owner_id, hash, noted_at) values ($1, $2, now() - interval '3 days')", [
      alice.userId,
      entry.hash,
    ]);
    // A save that has found the content and has not committed its version yet.
    await using other = createPgSql({ url: projects.database.url, log: silentLog, maxConnections: 1 });
    const found = Promise.withResolvers<void>();
    const goOn = Promise.withResolvers<void>();
    const saving = other.transaction({ role: "jobs" }, async (transaction) => {
      await transaction.query("select atelier_keep_blob($1, $2, 1, 'unused-key', '\\x00', null)", [
        alice.userId,
        entry.hash,
      ]);
      found.resolve();
      await goOn.promise;
      await transaction.query(
        "insert into file_versions (project_id, file_id, version, hash, size) values ($1, $2, 1, $3, 1)",
        [projectId, entry.id, entry.hash],
      );
    });
    await found.promise;
    expect(await run("projects.unused-content")).toBe(0);
    goOn.resolve();
    await saving;
    expect(await run("projects.unused-content")).toBe(0);
    expect(await read(projectId, "a.txt")).toBe("wanted again");
    expect(await rows("select from blob_candidates where hash = $1", [entry.hash])).toEqual([]);
  });

  test("[P24] concurrent saves, deletions and clean-up keep all content that a version refers to", async () => {
    const projectId = await newProject();
    await Promise.all(
      Array.from({ length: 4 }, (_none, at) => create(projectId, `f${at}`, "body 0").then(() => undefined)),
    );
    let going = true;
    const bodies = ["body 0", "body 1", "body 2"];
    const savers = Array.from({ length: 4 }, async (_none, at) => {
      for (let n = 0; n < 60; n += 1) await put(projectId, `f${at}`, bodies[(n * 7 + at) % 3] ?? "");
    });
    const cleaner = (async () => {
      while (going) {
        // All but the newest versions, as if they were old, and their content with no grace.
        await rows(
          `with gone as (delete from file_versions v using nodes n where v.project_id = $1 and n.project_id = v.project_id
              and n.id = v.file_id and v.version < n.version returning v.hash)
            insert into blob_candidates (owner_id, hash, noted_at) select distinct $2::uuid, hash, now() - interval '3 days' from gone
              on conflict (owner_id, hash) do update set noted_at = excluded.noted_at`,
          [projectId, alice.userId],
        );
        await run("projects.unused-content");
      }
    })();
    await Promise.all(savers);
    going = false;
    await cleaner;
    for (const at of [0, 1, 2, 3]) expect(bodies).toContain(await read(projectId, `f${at}`));
  }, 30_000);

  test("[P25] after a month in the bin a project is removed with all its data; when the removal has begun it can't be restored", async () => {
    const projectId = await newProject();
    await projects.service.createFolder(alice, projectId, "deep/er");
    for (let n = 0; n < 120; n += 1) await create(projectId, `deep/er/${n}.txt`, `in the bin ${n % 10}`);
    const stays = await newProject();
    await create(stays, "a.txt", "in the bin 3");
    await projects.service.deleteProject(alice, projectId);
    expect(await run("projects.deleted-projects", Date.now() + 29 * DAY_MS)).toBe(0);
    await asJob((transaction) => deleteBinnedProjects(transaction, new Date(Date.now() + DAY_MS), 10));
    await expect(projects.service.restoreProject(alice, projectId)).rejects.toMatchObject({
      code: "projects/no-such-project",
    });
    expect(await run("projects.deleted-projects", Date.now() + 31 * DAY_MS)).toBeGreaterThan(100);
    for (const table of ["projects", "nodes", "file_versions", "members"])
      expect(
        await rows(`select from ${table} where ${table === "projects" ? "id" : "project_id"} = $1`, [projectId]),
      ).toEqual([]);
    await run("projects.unused-content", Date.now() + 2 * DAY_MS);
    expect(await read(stays, "a.txt")).toBe("in the bin 3");
    expect(await rows("select from blob_references where owner_id = $1", [alice.userId])).not.toEqual([]);
  }, 30_000);

  test("[P26] responses for repeated requests are kept for a day", async () => {
    const projectId = await newProject();
    const write = { path: "a.txt", content: "x", idempotencyKey: "key-1" };
    const first = await projects.service.createFile(alice, projectId, write);
    expect(await run("projects.idempotency-keys", Date.now() + DAY_MS - MINUTE_MS)).toBe(0);
    expect((await projects.service.createFile(alice, projectId, write)).entry.id).toBe(first.entry.id);
    expect(await run("projects.idempotency-keys", Date.now() + DAY_MS + MINUTE_MS)).toBe(1);
    await expect(projects.service.createFile(alice, projectId, write)).rejects.toMatchObject({
      code: "projects/path-taken",
    });
  });

  test("[P24] blobs without a row are removed when they are a day old; staged and referenced ones are kept", async () => {
    const projectId = await newProject();
    const { entry } = await create(projectId, "large.txt", "kept ".repeat(40_000));
    await create(projectId, "small.txt", "staged or moved");
    const [staged] = await asJob((transaction) => oldestStaged(transaction, 1));
    const stagedKey = staged?.storageKey ?? "";
    await projects.blobs.put(stagedKey, staged?.sealed ?? new Uint8Array());
    const stray = `${"7a".repeat(32)}-0011223344556677`;
    await projects.blobs.put(stray, Buffer.from("left by a crash"));
    expect(await run("projects.stray-blobs")).toBe(0);
    await run("projects.stray-blobs", Date.now() + 2 * DAY_MS);
    expect(await projects.blobs.has(stray)).toBe(false);
    expect(await projects.blobs.has(stagedKey)).toBe(true);
    expect(await projects.blobs.has(await storageKeyOf(entry.hash))).toBe(true);
  });
});
