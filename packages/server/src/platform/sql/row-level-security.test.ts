import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createId } from "#kernel/ids";
import { openTestDatabase, type TestDatabase } from "./test-database.ts";

let database: TestDatabase;
let admin: pg.Client;
const alice = createId();
const bob = createId();
const project = createId();
const otherProject = createId();
const file = createId();

beforeAll(async () => {
  database = await openTestDatabase();
  admin = await database.openAdmin();
  for (const id of [alice, bob])
    await admin.query("insert into users (id, kind, name) values ($1, 'guest', 'Somebody')", [id]);
  for (const id of [project, otherProject]) {
    await admin.query("insert into projects (id, slug, owner_id, name) values ($1::uuid, $1::uuid::text, $2, 'P')", [
      id,
      alice,
    ]);
    await admin.query("insert into members (project_id, user_id, role) values ($1, $2, 'owner')", [id, alice]);
  }
  await admin.query(
    "insert into nodes (project_id, id, kind, name, name_key, hash, version) values ($1, $2, 'file', 'a', 'a', 'h', 1)",
    [project, file],
  );
  await admin.query("insert into file_versions (project_id, file_id, version, hash, size) values ($1, $2, 1, 'h', 1)", [
    project,
    file,
  ]);
  await admin.query(
    "insert into documents (project_id, file_id, generation, fence, base_version) values ($1, $2, 1, 7, 1)",
    [project, file],
  );
});
afterAll(() => database[Symbol.asyncDispose]());

const tables = async (): Promise<string[]> => {
  const { rows } = await admin.query<{ name: string }>(
    "select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r'",
  );
  return rows.map((row) => row.name);
};
const openTables = async (): Promise<string[]> => {
  const { rows } = await admin.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
      and not (relrowsecurity and relforcerowsecurity)`,
  );
  return rows.map((row) => row.name);
};

/** Rows that a role sees of every table it may select from. */
const visible = async (statements: string): Promise<Record<string, number>> => {
  const counts: Record<string, number> = {};
  for (const table of await tables()) {
    await admin.query(`begin; ${statements}`);
    const answer = await admin.query<{ n: string }>(`select count(*) as n from ${table}`).catch(() => undefined);
    await admin.query("rollback");
    if (answer !== undefined) counts[table] = Number(answer.rows[0]?.n);
  }
  return counts;
};

describe("row-level security", () => {
  test("[P1] is forced on every table, and a planted open table is found", async () => {
    expect((await tables()).length).toBeGreaterThan(18);
    expect(await openTables()).toEqual([]);
    await admin.query("create table planted (id integer)");
    expect(await openTables()).toEqual(["planted"]);
    await admin.query("drop table planted");
  });

  test("[P1] the server's roles own no table and do not bypass row-level security", async () => {
    const { rows } = await admin.query(
      `select rolname from pg_roles r where rolname like 'atelier\\_%' and rolname <> 'atelier_admin' and (rolsuper or rolbypassrls
        or (rolname not in ('atelier_owner', 'atelier_definer')
          and exists (select from pg_class c where c.relowner = r.oid)))`,
    );
    expect(rows).toEqual([]);
    const { rows: owners } = await admin.query(
      "select distinct relowner::regrole::text as owner from pg_class where relnamespace = 'public'::regnamespace",
    );
    expect(owners).toEqual([{ owner: "atelier_owner" }]);
  });

  test("[P1] a query without a user sees no rows", async () => {
    const counts = await visible("set local role atelier_app");
    expect(Object.keys(counts).length).toBeGreaterThan(10);
    expect(Object.values(counts).every((count) => count === 0)).toBe(true);
  });

  test("[P1] a query without a role is denied", async () => {
    expect(Object.keys(await visible("set local role atelier_server"))).toEqual([]);
  });

  test("[P1] B sees no rows of A's project, also when B sets its id; A does (control)", async () => {
    const settings = (user: string) =>
      `set local role atelier_app; set local atelier.user_id = '${user}'; set local atelier.project_id = '${project}'`;
    const { users: _own, ...bobs } = await visible(settings(bob));
    expect(Object.values(bobs).every((count) => count === 0)).toBe(true);
    const alices = await visible(settings(alice));
    expect(alices).toMatchObject({ projects: 2, nodes: 1, file_versions: 1, documents: 1 });
  });

  test("[P1] a viewer can't write a node, an editor can", async () => {
    const move = () =>
      database.sql.transaction({ role: "user", userId: bob, projectId: project }, (transaction) =>
        transaction.query("update nodes set name = 'b' returning id", []),
      );
    await admin.query("insert into members (project_id, user_id, role) values ($1, $2, 'viewer')", [project, bob]);
    expect(await move()).toEqual([]);
    await admin.query("update members set role = 'editor' where user_id = $1", [bob]);
    expect(await move()).toHaveLength(1);
    await admin.query("delete from members where user_id = $1", [bob]);
  });

  const insertLog = (projectId: string) =>
    database.sql.transaction({ role: "log", projectIds: [project] }, (transaction) =>
      transaction.query(
        "insert into document_log (project_id, file_id, generation, sequence, fence, kind, update) values ($1, $2, 1, 900, 7, 'edit', '\\x00')",
        [projectId, file],
      ),
    );

  test("[P1] the log role inserts only for the projects of its batch, and reads no rows", async () => {
    await insertLog(project);
    await expect(insertLog(otherProject)).rejects.toThrow(/row-level security/u);
    await expect(
      database.sql.transaction({ role: "log", projectIds: [project] }, (transaction) =>
        transaction.query("select * from document_log", []),
      ),
    ).rejects.toThrow(/permission denied/u);
  });

  const append = (fence: number, sequence: number, projectIds = [project]) =>
    database.sql.transaction({ role: "log", projectIds: [project] }, (transaction) =>
      transaction.query(
        `select refused_file_id as id from append_document_log($1, $2, '{1,1}', $3, $4, $5, '{5,6}', '{edit,edit}', '{NULL,NULL}', '{2,3}', $6)`,
        [
          [projectIds[0], projectIds.at(-1)],
          [file, file],
          [sequence, sequence + 1],
          [fence, fence],
          [alice, null],
          Buffer.from("ababc"),
        ],
      ),
    );

  test("[P1] a batch appends in order, a stale fence is refused, another project fails", async () => {
    expect(await append(7, 1)).toEqual([]);
    const { rows } = await admin.query(
      "select sequence::int, convert_from(update, 'UTF8') as text, user_id from document_log where sequence < 100 order by sequence",
    );
    expect(rows).toEqual([
      { sequence: 1, text: "ab", user_id: alice },
      { sequence: 2, text: "abc", user_id: null },
    ]);
    expect(await append(6, 3)).toEqual([{ id: file }]);
    expect((await admin.query("select 1 from document_log where sequence = 3")).rowCount).toBe(0);
    await expect(append(7, 5, [otherProject])).rejects.toThrow(/outside the batch/u);
  });

  test("[P1] nobody changes or deletes an audit row", async () => {
    await database.sql.transaction({ role: "identity" }, (transaction) =>
      transaction.query("insert into audit_log (id, user_id, action) values ($1, $2, 'test')", [createId(), alice]),
    );
    for (const role of ["atelier_app", "atelier_identity", "atelier_log", "atelier_jobs"]) {
      for (const statement of ["update audit_log set action = 'x'", "delete from audit_log", "truncate audit_log"]) {
        await admin.query(`begin; set local role ${role}`);
        await expect(admin.query(statement)).rejects.toThrow(/permission denied/u);
        await admin.query("rollback");
      }
    }
  });
});
