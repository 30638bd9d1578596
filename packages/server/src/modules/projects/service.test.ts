import { beforeEach, describe, expect, test } from "vitest";
import type { Actor } from "#kernel/actor";
import { createId } from "#kernel/ids";
import { openProjectsForFile } from "./test-projects.ts";

const { projects, alice, bob } = await openProjectsForFile();
let projectId: string;

beforeEach(async () => {
  projectId = (await projects.service.createProject(alice, { name: "Test" })).id;
  projects.published.length = 0;
});

const code = (value: string): unknown => expect.objectContaining({ code: value });
const join = async (actor: Actor, role: "editor" | "viewer") =>
  projects.service.putMember(alice, projectId, { userId: actor.userId, role });

describe("projects", () => {
  test("[P2] a project has a slug, an owner with a name, and its description", async () => {
    const made = await projects.service.createProject(alice, { name: "Mein Spiel №1 — Ärger", description: "Spielt" });
    expect(made).toMatchObject({ role: "owner", owner: { id: alice.userId, name: "Alice" }, visibility: "private" });
    expect(made).toMatchObject({ fileCount: 0, sizeBytes: 0, description: "Spielt", createdAt: made.updatedAt });
    expect(made.slug).toMatch(/^mein-spiel-no1-arger-[0-9a-f]{10}$/u);
  });

  test("[P2] lists are in pages, newest change first, with own and shared projects only", async () => {
    const carol = await projects.addUser("Carol");
    const ids: string[] = [];
    for (const name of ["1", "2", "3", "4", "5"]) ids.push((await projects.service.createProject(carol, { name })).id);
    await join(carol, "viewer");
    await projects.service.updateProject(alice, projectId, { description: "touched" });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await projects.service.listProjects(carol, { cursor, limit: 2 });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    expect(seen).toEqual([projectId, ...ids.toReversed()]);
    await expect(projects.service.listProjects(carol, { cursor: "nonsense" })).rejects.toEqual(code("request/invalid"));
  });

  test("[P2] each user has a separate page state", async () => {
    await join(bob, "viewer");
    await projects.service.putEditorState(alice, projectId, { tabs: ["a"] });
    await projects.service.putEditorState(alice, projectId, { tabs: ["b"] });
    expect(await projects.service.editorState(alice, projectId)).toEqual({ tabs: ["b"] });
    expect(await projects.service.editorState(bob, projectId)).toEqual({});
  });
});

describe("members", () => {
  test("[P3] the owner grants and revokes roles, keeps the role owner, and rights-changed is published", async () => {
    await join(bob, "editor");
    expect(await projects.service.listMembers(bob, projectId)).toMatchObject([
      { userId: alice.userId, name: "Alice", role: "owner" },
      { userId: bob.userId, name: "Bob", role: "editor" },
    ]);
    await projects.service.requireRole(bob, projectId, "editor");
    await join(bob, "viewer");
    await expect(projects.service.requireRole(bob, projectId, "editor")).rejects.toEqual(code("projects/role-too-low"));
    const { service } = projects;
    for (const work of [
      () => service.putMember(alice, projectId, { userId: alice.userId, role: "viewer" }),
      () => service.deleteMember(alice, projectId, alice.userId),
    ]) {
      await expect(work()).rejects.toEqual(code("projects/last-owner"));
    }
    await expect(join({ ...bob, userId: createId() }, "viewer")).rejects.toEqual(code("projects/no-such-member"));
    await projects.service.deleteMember(bob, projectId, bob.userId);
    expect(await projects.service.roleOf(bob.userId, projectId)).toBeUndefined();
    const told = projects.published.filter(({ topic }) => topic === "rights-changed");
    expect(told).toEqual(
      Array.from({ length: 3 }, () => ({ topic: "rights-changed", message: { projectId, userId: bob.userId } })),
    );
  });
});
