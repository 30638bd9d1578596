/** What an import does to a project: the paths, what was there before, what others see, and what an interrupted one leaves. */
import { randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { ImportReport, ProjectEvent } from "@atelier/contracts";
import type { Actor } from "#kernel/actor";
import { openLiveFilesForFile, openTestLiveFiles, type TestLiveFiles } from "../live-files/test-live-files.ts";
import type { ImportRequest } from "./archive-imports.ts";
import { inPieces, tarOf, zipOf } from "./test-archives.ts";

const { projects, alice, bob } = await openLiveFilesForFile();

type Options = Partial<ImportRequest> & { readonly by?: Actor; readonly in?: TestLiveFiles };
const importInto = (
  projectId: string,
  archive: Uint8Array,
  { by = alice, in: where = projects, ...request }: Options = {},
): Promise<ImportReport> =>
  where.imports.importArchive(by, projectId, {
    body: inPieces(archive, 50_000),
    signal: new AbortController().signal,
    ...request,
  });
const newProject = async (where = projects, by = alice): Promise<string> =>
  (await where.service.createProject(by, { name: "Imported" })).id;
const textsOf = async (projectId: string, where = projects, by = alice): Promise<Record<string, string>> => {
  const all = await where.liveFiles.readAll(by, projectId, { maxBytes: 1e9 });
  const texts = all.map(({ entry, bytes }) => [entry.path, Buffer.from(bytes).toString("latin1")] as const);
  return Object.fromEntries(texts.toSorted(([a], [b]) => (a < b ? -1 : 1)));
};

describe("where an archive goes", () => {
  const wrapped = zipOf([
    { name: "repo-main/" },
    { name: "repo-main/src/main.py", content: "print(1)" },
    { name: "repo-main/README.md", content: "read" },
    { name: "__MACOSX/repo-main/._README.md", content: "x" },
  ]);

  test("[P54] one top folder that holds everything is left away, and the report says so", async () => {
    const id = await newProject();
    expect(await importInto(id, wrapped)).toMatchObject({ strippedFolder: "repo-main", created: 2, skippedCount: 1 });
    expect(Object.keys(await textsOf(id))).toEqual(["README.md", "src/main.py"]);
  });

  test("[P54] it stays when the caller wants so, when there is a file beside it, and when the archive has no file", async () => {
    const id = await newProject();
    expect(await importInto(id, wrapped, { keepsTopFolder: true })).toMatchObject({ strippedFolder: null });
    await importInto(
      id,
      zipOf([
        { name: "a/b.txt", content: "b" },
        { name: "c.txt", content: "c" },
      ]),
    );
    expect(await importInto(id, zipOf([{ name: "only/" }, { name: "only/empty/" }]))).toMatchObject({ folders: 1 });
    expect((await projects.service.tree(alice, id)).map(({ path }) => path)).toEqual([
      "a",
      "a/b.txt",
      "c.txt",
      "only",
      "only/empty",
      "repo-main",
      "repo-main/README.md",
      "repo-main/src",
      "repo-main/src/main.py",
    ]);
  });

  test("[P54] it goes into the folder that the caller names; what can't be a folder is refused", async () => {
    const id = await newProject();
    await projects.service.createFile(alice, id, { path: "Lib/x.txt", content: "x" });
    await importInto(id, wrapped, { into: "Lib/deep" });
    expect(Object.keys(await textsOf(id))).toEqual(["Lib/deep/README.md", "Lib/deep/src/main.py", "Lib/x.txt"]);
    await expect(importInto(id, wrapped, { into: "Lib/x.txt" })).rejects.toMatchObject({
      code: "projects/not-a-folder",
    });
    await expect(importInto(id, wrapped, { into: "lib" })).rejects.toMatchObject({ code: "projects/path-taken" });
  });
});

describe("what is there already", () => {
  test("[P55] an existing file gets a new version and the open document its change; the same bytes change nothing", async () => {
    const id = await newProject();
    const [same, old] = await Promise.all([
      projects.service.createFile(alice, id, { path: "same.txt", content: "same" }),
      projects.service.createFile(alice, id, { path: "run.sh", content: "old" }),
    ]);
    projects.liveCalls.length = 0;
    const report = await importInto(
      id,
      zipOf([
        { name: "same.txt", content: "same" },
        { name: "run.sh", content: "new", mode: 0o100755 },
        { name: "added.txt", content: "added" },
      ]),
    );
    expect(report).toMatchObject({ imported: 3, created: 1, updated: 1, unchanged: 1, skippedCount: 0 });
    expect(projects.liveCalls).toEqual([
      expect.objectContaining({ call: "applyExternal", fileId: old.entry.id, basedOn: 1, version: 2 }),
    ]);
    const tree = await projects.service.tree(alice, id);
    expect(tree.find(({ path }) => path === "same.txt")).toMatchObject({ id: same.entry.id, version: 1 });
    expect(tree.find(({ path }) => path === "run.sh")).toMatchObject({ version: 2, executable: true });
    const history = await projects.service.history(alice, id, "run.sh");
    expect(history.map(({ version, author }) => [version, author?.id])).toEqual([
      [2, alice.userId],
      [1, alice.userId],
    ]);
    expect(Buffer.from((await projects.service.read(alice, id, { path: "run.sh", version: 1 })).bytes).toString()).toBe(
      "old",
    );
  });

  test("[P55] the same archive again changes nothing, and under one key it gets the first report", async () => {
    const id = await newProject();
    const archive = zipOf([
      { name: "a.txt", content: "a" },
      { name: "b/c.bin", content: randomBytes(200_000) },
    ]);
    const idempotencyKey = "once";
    const first = await importInto(id, archive, { idempotencyKey });
    expect(first).toMatchObject({ created: 2 });
    expect(await importInto(id, archive, { idempotencyKey })).toEqual(first);
    expect(await importInto(id, archive)).toMatchObject({ created: 0, unchanged: 2, imported: 2 });
    expect((await projects.service.history(alice, id, "a.txt")).length).toBe(1);
    const other = zipOf([{ name: "other.txt", content: "x" }]);
    await expect(importInto(id, other, { idempotencyKey })).rejects.toMatchObject({
      code: "projects/idempotency-mismatch",
    });
    expect(await textsOf(id)).not.toHaveProperty("other.txt");
  });

  test("[P55] a file that somebody makes while the archive unpacks gets the archive's version on top", async () => {
    const id = await newProject();
    const raced = await openRaced(async (where) => {
      await where.service.createFile(where.alice, where.id, { path: "raced.txt", content: "theirs" });
    });
    const report = await importInto(raced.id, zipOf([{ name: "raced.txt", content: "ours" }]), {
      in: raced.where,
      by: raced.alice,
    });
    expect(report).toMatchObject({ created: 0, updated: 1 });
    expect(await textsOf(raced.id, raced.where, raced.alice)).toEqual({ "raced.txt": "ours" });
    expect(await raced.where.service.history(raced.alice, raced.id, "raced.txt")).toHaveLength(2);
    await raced.where[Symbol.asyncDispose]();
    expect(await textsOf(id)).toEqual({});
  });
});

/** A project in whose import something else happens after the tree was read. */
const openRaced = async (
  race: (where: {
    readonly service: TestLiveFiles["service"];
    readonly alice: Actor;
    readonly id: string;
  }) => Promise<void>,
) => {
  let run: (() => Promise<void>) | undefined;
  const where = await openTestLiveFiles({
    sql: (real) => ({
      ...real,
      async transaction(scope, work) {
        const isWriting = run !== undefined && scope.role === "user" && /makeEntries/u.test(new Error().stack ?? "");
        if (isWriting) {
          const now = run;
          run = undefined;
          await now?.();
        }
        return real.transaction(scope, work);
      },
    }),
  });
  const own = await where.addUser("Raced");
  const { id } = await where.service.createProject(own, { name: "Raced" });
  run = () => race({ service: where.service, alice: own, id });
  return { where, alice: own, id };
};

describe("limits", () => {
  test("[P56] a project that becomes full keeps what came in; the rest is in the report", async () => {
    const small = await openTestLiveFiles({ limits: { mostBytes: 1000, mostNodes: 5 } });
    const owner = await small.addUser("Owner");
    const id = await newProject(small, owner);
    const archive = zipOf([
      { name: "a.txt", content: "a".repeat(600) },
      { name: "b.txt", content: "b".repeat(500) },
      { name: "c.txt", content: "c".repeat(300) },
      { name: "d/e/f.txt", content: "f" },
      { name: "g.txt", content: "g" },
    ]);
    const report = await importInto(id, archive, { in: small, by: owner });
    expect(report.skipped.map(({ path, reason }) => [path, reason])).toEqual([
      ["b.txt", "no-space"],
      ["g.txt", "too-many-files"],
    ]);
    expect(Object.keys(await textsOf(id, small, owner))).toEqual(["a.txt", "c.txt", "d/e/f.txt"]);
    expect(await small.service.getProject(owner, id)).toMatchObject({ sizeBytes: 901, fileCount: 3 });
    await small[Symbol.asyncDispose]();
  });

  test("[P56] an account that becomes full keeps what came in", async () => {
    const small = await openTestLiveFiles({ mostAccountBytes: 1000 });
    const owner = await small.addUser("Owner");
    const id = await newProject(small, owner);
    const archive = zipOf([
      { name: "a.txt", content: "a".repeat(600) },
      { name: "b.txt", content: "b".repeat(600) },
      { name: "c.txt", content: "c".repeat(300) },
    ]);
    const report = await importInto(id, archive, { in: small, by: owner });
    expect(report.skipped.map(({ path, reason }) => [path, reason])).toEqual([["b.txt", "no-space"]]);
    expect(Object.keys(await textsOf(id, small, owner))).toEqual(["a.txt", "c.txt"]);
    await small[Symbol.asyncDispose]();
  });

  test("[P57] a user who may not write is refused before a byte of the archive is read", async () => {
    const { id } = await projects.service.createProject(alice, { name: "Public", visibility: "public" });
    let asked = 0;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      for (;;) {
        asked++;
        yield new Uint8Array(1000);
      }
    };
    await expect(importInto(id, Buffer.alloc(0), { by: bob, body: endless() })).rejects.toMatchObject({
      code: "projects/role-too-low",
    });
    const hidden = await newProject();
    await expect(importInto(hidden, Buffer.alloc(0), { by: bob, body: endless() })).rejects.toMatchObject({
      code: "projects/no-such-project",
    });
    expect(asked).toBe(0);
  });

  test("[P57] a third import of one user at once is refused, and another user's is not", async () => {
    const id = await newProject();
    await projects.service.putMember(alice, id, { userId: bob.userId, role: "editor" });
    const archive = zipOf([{ name: "a.txt", content: "a" }]);
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const slow = async function* (at: number): AsyncGenerator<Uint8Array> {
      yield archive.subarray(0, 10);
      await gates[at]?.promise;
      yield archive.subarray(10);
    };
    const running = [0, 1].map((at) => importInto(id, archive, { body: slow(at) }));
    await expect
      .poll(() => importInto(id, archive).catch((error: { code: string }) => error.code))
      .toBe("request/rate-limited");
    expect(await importInto(id, archive, { by: bob })).toMatchObject({ imported: 1 });
    for (const gate of gates) gate.resolve();
    expect((await Promise.all(running)).map(({ imported }) => imported)).toEqual([1, 1]);
    expect(await importInto(id, archive)).toMatchObject({ unchanged: 1 });
  });
});

describe("interruptions", () => {
  const many = zipOf(Array.from({ length: 600 }, (_, at) => ({ name: `f${at}.txt`, content: `content ${at}` })));

  test("[P58] nothing comes in of an archive whose sender leaves", async () => {
    const id = await newProject();
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield many.subarray(0, -40);
      throw new Error("gone");
    };
    await expect(importInto(id, many, { body: broken() })).rejects.toThrow("gone");
    expect(await textsOf(id)).toEqual({});
  });

  test("[P58] an import whose caller leaves stops after a batch; every file is whole or absent, and a repetition adds the rest", async () => {
    const id = await newProject();
    const gone = new AbortController();
    const stop = projects.bus.subscribe("project-event", ({ projectId, event }) => {
      if (projectId === id && event.type === "entries-changed") gone.abort();
    });
    await expect(importInto(id, many, { signal: gone.signal })).rejects.toMatchObject({ code: "request/invalid" });
    stop();
    const texts = await textsOf(id);
    expect(Object.keys(texts)).toHaveLength(256);
    for (const [path, text] of Object.entries(texts)) expect(text).toBe(`content ${/\d+/u.exec(path)?.[0]}`);
    expect(await importInto(id, many)).toMatchObject({ imported: 600, unchanged: 256, created: 344 });
  });

  test("[P58] many files are few events and few statements", async () => {
    let statements = 0;
    const counted = await openTestLiveFiles({
      sql: (real) => ({
        ...real,
        transaction: (scope, work) =>
          real.transaction(scope, (transaction) =>
            work({
              query: (text, values) => {
                statements++;
                return transaction.query(text, values);
              },
            }),
          ),
      }),
    });
    const owner = await counted.addUser("Owner");
    const id = await newProject(counted, owner);
    const events: ProjectEvent[] = [];
    const stop = counted.bus.subscribe("project-event", ({ event }) => void events.push(event));
    statements = 0;
    await importInto(id, many, { in: counted, by: owner });
    stop();
    expect(statements).toBeLessThan(60);
    expect(events.map((event) => (event.type === "entries-changed" ? event.entries.length : event.type))).toEqual([
      256, 256, 88,
    ]);
    await counted[Symbol.asyncDispose]();
  });
});

describe("there and back", () => {
  const exported = async (id: string, path?: string): Promise<Buffer> => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await projects.liveFiles.archive(alice, id, path)).zip) chunks.push(chunk);
    return Buffer.concat(chunks);
  };
  const facts = async (id: string) =>
    (await projects.service.tree(alice, id)).map(({ path, kind, hash, executable }) => ({
      path,
      kind,
      hash,
      executable,
    }));

  test("[P59] an exported project comes back the same: bytes, executable files, empty folders, names", async () => {
    const id = await newProject();
    await importInto(
      id,
      tarOf([
        { name: "only/große Datei 😀.txt", content: "ü\r\n" },
        { name: "only/run.sh", content: "#!/bin/sh\n", mode: 0o755 },
        { name: "only/noise.bin", content: randomBytes(300_000) },
        { name: "only/zeros.png", content: Buffer.alloc(200_000) },
        { name: "only/none", content: "" },
        { name: "only/a/b/empty/", type: "5" },
      ]),
      { keepsTopFolder: true },
    );
    const again = await newProject();
    const report = await importInto(again, await exported(id));
    // Its paths are those of a project: the folder is no wrapper.
    expect(report).toMatchObject({ imported: 5, folders: 1, strippedFolder: null, skippedCount: 0 });
    expect(await facts(again)).toEqual(await facts(id));
    const folder = await newProject();
    expect(await importInto(folder, await exported(id, "only/a"))).toMatchObject({ folders: 1 });
    expect((await facts(folder)).map(({ path }) => path)).toEqual(["a", "a/b", "a/b/empty"]);
    const one = await newProject();
    await importInto(one, await exported(id, "only/run.sh"));
    expect(await facts(one)).toEqual([expect.objectContaining({ path: "run.sh", executable: true })]);
    await expect(projects.liveFiles.archive(alice, id, "nowhere")).rejects.toMatchObject({
      code: "projects/no-such-file",
    });
  });
});
