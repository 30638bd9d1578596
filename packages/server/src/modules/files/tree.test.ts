import { parsePath, pathTwinKey } from "@atelier/contracts";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BusMessages } from "#platform/bus";
import { Problem } from "#kernel/problem";
import { openFilesForFile, openTestFiles } from "./test-files.ts";

const { projects, alice } = await openFilesForFile({
  limits: { mostBytes: 500 * 1024 * 1024, mostNodes: 25_000 },
});
const newProject = async (): Promise<string> => (await projects.service.createProject(alice, { name: "Test" })).id;
const code = (value: string): unknown => expect.objectContaining({ code: value });

/** A model of the rules: exact paths, each with its kind, and no two with the same folded key. */
class Model {
  readonly nodes = new Map<string, "file" | "folder">();
  outcomes = new Map<string, number>();

  #twin(path: string): string | undefined {
    return [...this.nodes.keys()].find((known) => pathTwinKey(known) === pathTwinKey(path));
  }
  #parents(path: string): string[] {
    const names = path.split("/");
    return names.slice(1).map((_, index) => names.slice(0, index + 1).join("/"));
  }
  /** What is wrong with the folders above a path, from the root down. */
  #parentFault(path: string): string | undefined {
    for (const parent of this.#parents(path)) {
      const twin = this.#twin(parent);
      if (twin !== undefined && twin !== parent) return "projects/path-taken";
      if (this.nodes.get(parent) === "file") return "projects/not-a-folder";
    }
    return undefined;
  }
  #makeParents(path: string): void {
    for (const parent of this.#parents(path)) this.nodes.set(parent, "folder");
  }
  create(path: string, kind: "file" | "folder"): string {
    const fault = this.#parentFault(path);
    if (fault !== undefined) return fault;
    if (this.#twin(path) !== undefined) return "projects/path-taken";
    this.#makeParents(path);
    this.nodes.set(path, kind);
    return "ok";
  }
  remove(path: string, recursive: boolean): string {
    const kind = this.nodes.get(path);
    if (kind === undefined) return "projects/no-such-file";
    if (kind === "folder" && !recursive) return "projects/folder-not-empty";
    for (const known of this.nodes.keys()) if (known === path || known.startsWith(`${path}/`)) this.nodes.delete(known);
    return "ok";
  }
  move(from: string, to: string): string {
    const kind = this.nodes.get(from);
    if (kind === undefined) return "projects/no-such-file";
    if (from === to) return "ok";
    if (kind === "folder" && pathTwinKey(to).startsWith(`${pathTwinKey(from)}/`)) return "projects/move-under-itself";
    const fault = this.#parentFault(to);
    if (fault !== undefined) return fault;
    const twin = this.#twin(to);
    if (twin !== undefined && twin !== from) return "projects/path-taken";
    const moved = [...this.nodes].filter(([known]) => known === from || known.startsWith(`${from}/`));
    for (const [known] of moved) this.nodes.delete(known);
    this.#makeParents(to);
    for (const [known, itsKind] of moved) this.nodes.set(to + known.slice(from.length), itsKind);
    return "ok";
  }
}

const name = fc.constantFrom("a", "A", "b", "é", "e\u0301", "E\u0301", "ß");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/").normalize("NFC"));
const command = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant("file" as const), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("folder" as const), path }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("move" as const), path, to: path }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), path, recursive: fc.boolean() }) },
);

/** Steps that have every outcome, in addition to random ones. */
const everyOutcome = [
  { do: "file" as const, path: "a/b" },
  { do: "file" as const, path: "a/b/c" },
  { do: "file" as const, path: "A" },
  { do: "move" as const, path: "a", to: "a/b/c" },
  { do: "remove" as const, path: "a", recursive: false },
  { do: "remove" as const, path: "missing", recursive: false },
];

const outcomeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return "ok";
  } catch (error) {
    if (error instanceof Problem) return error.code;
    throw error;
  }
};

describe("the tree", () => {
  test("[P19] behaves like a model of its rules for random operations", async () => {
    const outcomes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 5, maxLength: 25 }), async (commands) => {
        const projectId = await newProject();
        const model = new Model();
        const ids = new Map<string, string>();
        for (const step of commands) {
          const { service } = projects;
          const [expected, work] =
            step.do === "file"
              ? [
                  model.create(step.path, "file"),
                  service.createFile(alice, projectId, { path: step.path, content: step.path }),
                ]
              : step.do === "folder"
                ? [model.create(step.path, "folder"), service.createFolder(alice, projectId, step.path)]
                : step.do === "move"
                  ? [model.move(step.path, step.to), service.move(alice, projectId, { from: step.path, to: step.to })]
                  : [model.remove(step.path, step.recursive), service.remove(alice, projectId, step)];
          const outcome = await outcomeOf(work);
          outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
          expect(`${step.do} ${outcome}`).toBe(`${step.do} ${expected}`);
          const tree = await service.tree(alice, projectId);
          expect(tree.map((entry) => [entry.path, entry.kind])).toEqual(
            [...model.nodes].toSorted(([a], [b]) => (a < b ? -1 : 1)),
          );
          // Moving keeps ids, so an id never has two kinds and is never used again after its removal.
          for (const entry of tree) {
            expect(ids.get(entry.id) ?? entry.kind).toBe(entry.kind);
            ids.set(entry.id, entry.kind);
          }
        }
      }),
      { numRuns: 40, examples: [[everyOutcome]] },
    );
    // The run was not vacuous: every outcome of the rules was met.
    expect([...outcomes.keys()].toSorted()).toEqual([
      "ok",
      "projects/folder-not-empty",
      "projects/move-under-itself",
      "projects/no-such-file",
      "projects/not-a-folder",
      "projects/path-taken",
    ]);
  }, 120_000);

  test("[P19] path rules hold for any text: what is accepted is in normal form and stays so", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 1_100 }), (text) => {
        const parsed = parsePath(text);
        if (!parsed.ok) return;
        expect(parsed.path).toBe(text.normalize("NFC"));
        expect(parsePath(parsed.path)).toEqual(parsed);
        expect(parsed.path.split("/").some((part) => part === "" || part === "." || part === "..")).toBe(false);
      }),
      { numRuns: 2_000 },
    );
  });

  test("[P20] moving keeps ids, versions and history, changes paths below, and announces all of them", async () => {
    const projectId = await newProject();
    const { service } = projects;
    const { entry } = await service.createFile(alice, projectId, { path: "old/deep/a.txt", content: "one" });
    await service.putFile(alice, projectId, { path: "old/deep/a.txt", content: "two" });
    projects.published.length = 0;
    await service.move(alice, projectId, { from: "old", to: "new/place" });
    const moved = await service.read(alice, projectId, { path: "new/place/deep/a.txt" });
    expect(moved.entry).toMatchObject({ id: entry.id, version: 2 });
    expect(await service.history(alice, projectId, "new/place/deep/a.txt")).toHaveLength(2);
    const first = projects.published[0]?.message as BusMessages["project-event"] | undefined;
    const entries = first?.event.type === "entries-changed" ? first.event.entries : [];
    expect(entries.map((changed) => changed.path)).toEqual([
      "new",
      "new/place",
      "new/place/deep",
      "new/place/deep/a.txt",
    ]);
    await service.move(alice, projectId, { from: "new", to: "NEW" });
    expect((await service.tree(alice, projectId)).map((told) => told.path)).toContain("NEW/place/deep/a.txt");
    await expect(service.read(alice, projectId, { path: "new/place/deep/a.txt" })).rejects.toEqual(
      code("projects/no-such-file"),
    );
  });

  test("[P20] a move after which a path below would break the rules is refused, and changes no entry", async () => {
    const projectId = await newProject();
    const { service } = projects;
    const deep = ["a", "b", "c"].map((letter) => letter.repeat(250)).join("/");
    const file = `${deep}/${"é".repeat(60)}.txt`;
    await service.createFile(alice, projectId, { path: `old/${file}`, content: "" });
    const before = (await service.tree(alice, projectId)).map((entry) => entry.path);
    const to = "n".repeat(1_024 - Buffer.byteLength(file));
    const refused = service.move(alice, projectId, { from: "old", to: `x/${to.slice(2)}` });
    await expect(refused).rejects.toMatchObject({ code: "request/invalid", status: 400 });
    expect((await service.tree(alice, projectId)).map((entry) => entry.path)).toEqual(before);
    await service.move(alice, projectId, { from: "old", to: to.slice(1) });
    const moved = `${to.slice(1)}/${file}`;
    expect(Buffer.byteLength(moved)).toBe(1_024);
    await service.read(alice, projectId, { path: moved });
  });

  test("[P20] concurrent moves never create a loop", async () => {
    const projectId = await newProject();
    const { service } = projects;
    const made: string[] = [];
    const outcomes: string[] = [];
    for (let round = 0; round < 10; round++) {
      for (const folder of [`a${round}`, `b${round}`])
        made.push((await service.createFolder(alice, projectId, folder)).id);
      outcomes.push(
        ...(await Promise.all([
          outcomeOf(service.move(alice, projectId, { from: `a${round}`, to: `b${round}/a` })),
          outcomeOf(service.move(alice, projectId, { from: `b${round}`, to: `a${round}/b` })),
        ])),
      );
    }
    expect(outcomes.filter((outcome) => outcome === "ok").length).toBeGreaterThanOrEqual(10);
    // A loop would have no way up to the root.
    const { rows } = await projects.admin.query<{ id: string; path: string | null }>(
      "select id, atelier_path_of(project_id, id) as path from nodes where project_id = $1",
      [projectId],
    );
    const paths = new Map(rows.map(({ id, path: at }) => [id, at]));
    expect(made.map((id) => paths.get(id)).filter((at) => at === null || at === undefined)).toEqual([]);
    expect(await service.tree(alice, projectId)).toHaveLength(rows.length);
  });

  test("[P21] limits: too many entries, a file and a project that are too large; a refused write stores nothing", async () => {
    const small = await openTestFiles({ limits: { mostBytes: 10, mostNodes: 3 } });
    try {
      const owner = await small.addUser("Owner");
      const { id } = await small.service.createProject(owner, { name: "Test" });
      const create = (at: string, content: string) => small.service.createFile(owner, id, { path: at, content });
      await create("a", "12345");
      await expect(create("b", "123456")).rejects.toEqual(code("projects/too-large"));
      await expect(small.service.putFile(owner, id, { path: "a", content: "x".repeat(11) })).rejects.toEqual(
        code("projects/too-large"),
      );
      await expect(create("c/d/e", "")).rejects.toEqual(code("projects/too-many-files"));
      await create("c/d", "12345");
      await expect(small.service.createFolder(owner, id, "f")).rejects.toEqual(code("projects/too-many-files"));
      await small.service.putFile(owner, id, { path: "a", content: "1" });
      expect(await small.service.getProject(owner, id)).toMatchObject({ sizeBytes: 6, fileCount: 2 });
      await expect(
        small.service.createFile(owner, id, { path: "g", content: "x".repeat(21 * 1024 * 1024) }),
      ).rejects.toEqual(code("projects/too-large"));
    } finally {
      await small[Symbol.asyncDispose]();
    }
  });
});
