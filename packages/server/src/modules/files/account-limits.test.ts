import { expect, test } from "vitest";
import { createManualClock } from "#kernel/clock";
import { createAccountQuota } from "./account-quota.ts";
import { openFilesForFile } from "./test-files.ts";

const MOST_BYTES = 10_000;

const { projects, alice, bob } = await openFilesForFile({ mostAccountBytes: MOST_BYTES, mostProjects: 5 });
const projectId = (await projects.service.createProject(alice, { name: "P" })).id;

test("[P27] concurrent requests create exactly as many projects as the account may have, including the bin", async () => {
  const made = await Promise.allSettled(
    Array.from({ length: 12 }, () => projects.service.createProject(bob, { name: "P" })),
  );
  const done = made.filter((outcome) => outcome.status === "fulfilled");
  expect(done).toHaveLength(5);
  expect(made.find((outcome) => outcome.status === "rejected")?.reason).toMatchObject({
    code: "projects/limit-reached",
  });
  await projects.service.deleteProject(bob, done[0]?.value.id ?? "");
  await expect(projects.service.createProject(bob, { name: "P" })).rejects.toMatchObject({
    code: "projects/limit-reached",
  });
});

test("[P27] a project has a maximum number of share links", async () => {
  await projects.admin.query(
    `insert into share_links (project_id, id, token_hash, role, created_by)
      select $1, gen_random_uuid(), decode(md5(n::text), 'hex'), 'viewer', $2 from generate_series(1, 499) n`,
    [projectId, alice.userId],
  );
  const last = await projects.service.createLink(alice, projectId, { role: "viewer" });
  await expect(projects.service.createLink(alice, projectId, { role: "editor" })).rejects.toMatchObject({
    code: "projects/limit-reached",
  });
  await projects.service.deleteLink(alice, projectId, last.id);
  await projects.service.createLink(alice, projectId, { role: "viewer" });
});

test("[P27] concurrent requests create exactly as many share links as the limit allows", async () => {
  const crowded = (await projects.service.createProject(alice, { name: "Crowded" })).id;
  await projects.admin.query(
    `insert into share_links (project_id, id, token_hash, role, created_by)
      select $1, gen_random_uuid(), decode(md5('crowded ' || n), 'hex'), 'viewer', $2 from generate_series(1, 497) n`,
    [crowded, alice.userId],
  );
  const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
  const made = await Promise.allSettled(
    Array.from({ length: 12 }, () => projects.service.createLink(alice, crowded, { role: "viewer", expiresAt })),
  );
  expect(made.filter((outcome) => outcome.status === "fulfilled")).toHaveLength(3);
  expect(await projects.service.listLinks(alice, crowded)).toHaveLength(500);
});

test("[P28] old versions count: a full account refuses further content, and only users who may write learn it", async () => {
  await projects.service.createFile(alice, projectId, { path: "a.txt", content: "x".repeat(3_000) });
  for (const letter of ["y", "z"])
    await projects.service.putFile(alice, projectId, { path: "a.txt", content: letter.repeat(3_000) });
  const more = () => projects.service.putFile(alice, projectId, { path: "a.txt", content: "w".repeat(3_000) });
  await expect(more()).rejects.toMatchObject({ code: "projects/too-large" });
  await expect(
    projects.service.createFile(alice, projectId, { path: "b.txt", content: "w".repeat(3_000) }),
  ).rejects.toMatchObject({ code: "projects/too-large" });
  // A stranger gets the usual 404, and a viewer the usual 403.
  const asBob = () => projects.service.putFile(bob, projectId, { path: "a.txt", content: "w".repeat(3_000) });
  await expect(asBob()).rejects.toMatchObject({ code: "projects/no-such-project" });
  await projects.service.putMember(alice, projectId, { userId: bob.userId, role: "viewer" });
  await expect(asBob()).rejects.toMatchObject({ code: "projects/role-too-low" });
  await projects.service.putFile(alice, projectId, { path: "a.txt", content: "small" });
});

test("[P28] a live document's text is always stored, and the result reports a full account", async () => {
  const file = await projects.service.read(alice, projectId, { path: "a.txt" });
  const save = (content: string, basedOn: number) =>
    projects.service.saveCheckpoint({
      projectId,
      fileId: file.entry.id,
      bytes: Buffer.from(content),
      basedOn,
      editorIds: [alice.userId],
    });
  expect(await save("a little more", file.entry.version)).toMatchObject({ changed: true, isFull: false });
  expect(await save("v".repeat(5_000), file.entry.version + 1)).toMatchObject({ changed: true, isFull: true });
  expect(Buffer.from((await projects.service.read(alice, projectId, { path: "a.txt" })).bytes).toString()).toBe(
    "v".repeat(5_000),
  );
});

test("[P28] freed space is available within a minute", async () => {
  const clock = createManualClock();
  const quota = createAccountQuota({ sql: projects.database.sql, clock, mostBytes: MOST_BYTES });
  const scope = { role: "user", userId: alice.userId } as const;
  await expect(quota.requireFor(alice.userId, 1, scope)).rejects.toMatchObject({ code: "projects/too-large" });
  await projects.admin.query("delete from blob_references where owner_id = $1", [alice.userId]);
  await expect(quota.requireFor(alice.userId, 1, scope)).rejects.toMatchObject({ code: "projects/too-large" });
  clock.advance(60_000);
  await quota.requireFor(alice.userId, MOST_BYTES, scope);
  quota.added(alice.userId, MOST_BYTES);
  expect(await quota.isFull(alice.userId)).toBe(true);
});
