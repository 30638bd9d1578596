import { afterAll, beforeAll } from "vitest";
import { createId } from "#kernel/ids";
import { openTestDatabase, type TestDatabase } from "../../../../platform/sql/test-database.ts";
import type { Ownership } from "../../document/document-ref.ts";
import { describeDocumentLog } from "../ports.contract.ts";
import { createMemoryDocumentLog } from "./memory-document-log.ts";
import { createPostgresDocumentLog } from "./postgres-document-log.ts";

let database: TestDatabase;
const userId = createId();
beforeAll(async () => {
  database = await openTestDatabase();
  const admin = await database.openAdmin();
  await admin.query("insert into users (id, kind, name) values ($1, 'guest', 'x')", [userId]);
});
afterAll(() => database[Symbol.asyncDispose]());

describeDocumentLog("memory", async () => {
  const log = createMemoryDocumentLog();
  return {
    log,
    userId,
    addDocument: async (projectId = createId()) => ({ projectId, fileId: createId() }),
    // The next owner's generation ends it.
    endGeneration: (owner: Ownership) => log.begin({ ...owner, generation: owner.generation + 1 }),
  };
});

describeDocumentLog("PostgreSQL", async () => {
  const admin = await database.openAdmin();
  return {
    log: createPostgresDocumentLog(database.sql),
    userId,
    async addDocument(projectId = createId()) {
      const fileId = createId();
      await admin.query(
        "insert into projects (id, slug, owner_id, name) values ($1, $3, $2, 'p') on conflict (id) do nothing",
        [projectId, userId, `slug-${projectId}`],
      );
      await admin.query(
        "insert into nodes (project_id, id, kind, name, name_key, version, hash) values ($1, $2, 'file', $3, $3, 1, 'x')",
        [projectId, fileId, `${fileId}.txt`],
      );
      await admin.query(
        "insert into documents (project_id, file_id, generation, fence, base_version) values ($1, $2, 1, 0, 1)",
        [projectId, fileId],
      );
      return { projectId, fileId };
    },
    async endGeneration({ ref }: Ownership) {
      await admin.query("update documents set generation = generation + 1 where file_id = $1", [ref.fileId]);
    },
  };
});
