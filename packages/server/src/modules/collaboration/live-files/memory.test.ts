/** The memory for the contents of files stays limited, however many are requested. */
import { randomBytes } from "node:crypto";
import { MAX_FILE_BYTES } from "@atelier/contracts";
import type { Transaction } from "#platform/sql";
import { expect, test } from "vitest";
import { actorNamed, createEdgeFixture } from "../../../platform/http/test-edge.ts";
import { bindTestRoutes, openTestLiveFiles } from "./test-live-files.ts";

const content = { content: randomBytes(MAX_FILE_BYTES).toString("base64"), encoding: "base64" as const };

test("[P22] of many large files that are requested at once only a few are in memory, and all are answered", async () => {
  await using projects = await openTestLiveFiles();
  const alice = await projects.addUser("alice");
  const { id } = await projects.service.createProject(alice, { name: "Large" });
  const made = await projects.service.createFile(alice, id, { path: "large.bin", ...content });
  const get = projects.blobs.get.bind(projects.blobs);
  let open = 0;
  let most = 0;
  projects.blobs.get = async (key) => {
    most = Math.max(most, (open += 1));
    const sealed = await get(key);
    // Gives the other requests time to begin as well.
    await new Promise((resolve) => setTimeout(resolve, 20));
    open -= 1;
    return sealed;
  };
  const sizes = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const { bytes } = await projects.service.read(alice, id, { path: "large.bin" });
      return bytes.byteLength;
    }),
  );
  expect(sizes).toEqual(Array.from({ length: 12 }, () => made.entry.size));
  expect(most).toBe(3);
});

test("[P14] a file that grows while all are read counts with the size that is read", async () => {
  let grow: (() => Promise<unknown>) | undefined;
  await using projects = await openTestLiveFiles({
    sql: (real) => ({
      ...real,
      transaction: (scope, work) =>
        real.transaction(scope, (transaction) =>
          work({
            async query<Row extends object>(text: string, values?: readonly unknown[]) {
              const rows = await transaction.query<Row>(text, values);
              if (/select id, parent_id.* from nodes where project_id = \$1 and deleted_at/u.test(text)) {
                const now = grow;
                grow = undefined;
                await now?.();
              }
              return rows;
            },
          } satisfies Transaction),
        ),
    }),
  });
  const alice = await projects.addUser("alice");
  const { id } = await projects.service.createProject(alice, { name: "Growing" });
  await projects.service.createFile(alice, id, { path: "a.txt", content: "one" });
  grow = () => projects.service.putFile(alice, id, { path: "a.txt", content: "one and more" });
  await expect(projects.service.readAll(alice, id, { maxBytes: 3 })).rejects.toMatchObject({
    code: "projects/too-large",
  });
  expect(grow).toBeUndefined();
});

test("[P22] memory for restored versions is reserved before they are read", async () => {
  await using projects = await openTestLiveFiles();
  await using edge = createEdgeFixture();
  bindTestRoutes(edge.server, projects);
  const origin = await edge.listen();
  const alice = actorNamed("alice");
  await projects.admin.query("insert into users (id, kind, name) values ($1, 'guest', 'alice')", [alice.userId]);
  const { id } = await projects.service.createProject(alice, { name: "Restored" });
  await projects.service.createFile(alice, id, { path: "large.bin", ...content });
  const get = projects.blobs.get.bind(projects.blobs);
  let open = 0;
  projects.blobs.get = async (key) => {
    open += 1;
    return get(key);
  };
  const answers = await Promise.all(
    Array.from({ length: 12 }, async () => {
      const answer = await fetch(`${origin}/api/projects/${id}/files/restore`, {
        method: "POST",
        headers: { authorization: "Bearer token-of-alice", "content-type": "application/json" },
        body: JSON.stringify({ path: "large.bin", version: 1 }),
      });
      await answer.arrayBuffer();
      return answer.status;
    }),
  );
  expect(new Set(answers)).toEqual(new Set([200, 429]));
  expect(answers.filter((status) => status === 200)).toHaveLength(open);
  expect(open).toBeLessThanOrEqual(4);
});
