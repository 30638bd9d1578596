import { createId } from "#kernel/ids";
import type { Execution } from "@atelier/contracts";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Sql } from "#platform/sql";
import { openTestDatabase, type TestDatabase } from "../../platform/sql/test-database.ts";
import { trimExecutions } from "./output-retention.ts";
import { storedExecution as execution } from "./execution-fixture.ts";
import { createExecutionStore, type ExecutionStore } from "./execution-store.ts";

const ended = (before: Execution, change: Partial<Execution> = {}): Execution => ({
  ...before,
  status: "killed",
  signal: "SIGSEGV",
  stdout: "nul \0 and 😀 and \ufffd",
  stderr: "oh",
  truncated: true,
  stage: "run",
  sandbox: "gvisor",
  limitsEnforcement: "cgroup",
  startedAt: "2026-01-02T03:04:06.000Z",
  endedAt: "2026-01-02T03:04:07.000Z",
  usage: { wallMs: 1000, cpuMs: 900, memoryPeakBytes: 5_000_000_000, outputBytes: 12 },
  stages: [{ stage: "run", status: "killed", wallMs: 1000, cpuMs: 900, memoryPeakBytes: 5_000_000_000 }],
  errors: [{ path: "main.py", line: 3, column: 1, message: 'nul \u0001 "quoted" ü' }],
  ...change,
});

let database: TestDatabase;
let store: ExecutionStore;
beforeAll(async () => {
  database = await openTestDatabase();
});
beforeEach(() => {
  store = createExecutionStore(database.sql);
});
afterAll(() => database[Symbol.asyncDispose]());

describe("executions as rows", () => {
  it("come back as they were, with every character that a program may print", async () => {
    const queued = execution();
    await store.insert(queued);
    expect(await store.find(queued.userId, queued.id)).toEqual(queued);
    await store.finish(ended(queued));
    expect(await store.find(queued.userId, queued.id)).toEqual(ended(queued));
  });

  it("[X85] a key has one execution, also of requests at the same time, and none when the row was not written", async () => {
    const userId = createId();
    const replay = { key: "one", requestHash: Buffer.alloc(32, 1) };
    await expect(store.insert(execution({ userId, projectId: createId() }), { replay })).rejects.toThrow();
    expect(await store.findReplay(userId, replay)).toBeUndefined();
    const runs = Array.from({ length: 6 }, () => execution({ userId }));
    const outcomes = await Promise.allSettled(runs.map((run) => store.insert(run, { replay })));
    const firstId = runs[outcomes.findIndex(({ status }) => status === "fulfilled")]?.id;
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    const refused = outcomes.flatMap((outcome) => (outcome.status === "rejected" ? [outcome.reason as unknown] : []));
    for (const reason of refused) expect(reason).toMatchObject({ name: "StartedBefore", executionId: firstId });
    expect(await store.findReplay(userId, replay)).toBe(firstId);
    const found = await Promise.all(runs.map(({ id }) => store.find(userId, id)));
    expect(found.filter((row) => row !== undefined).map(({ id }) => id)).toEqual([firstId]);
    expect(await store.findReplay(createId(), replay)).toBeUndefined();
    await expect(store.findReplay(userId, { ...replay, requestHash: Buffer.alloc(32, 2) })).rejects.toMatchObject({
      code: "projects/idempotency-mismatch",
    });
  });

  it("are not shown to somebody else, and can't be completed by somebody else", async () => {
    const queued = execution();
    await store.insert(queued);
    expect(await store.find(createId(), queued.id)).toBeUndefined();
    await expect(store.finish(ended({ ...queued, userId: createId() }))).rejects.toThrow("no row");
  });

  it("of a project are listed for its members, newest first, without output", async () => {
    const [owner, member, stranger, projectId] = [createId(), createId(), createId(), createId()];
    await database.sql.transaction({ role: "jobs" }, async (transaction) => {
      await transaction.query("insert into projects (id, slug, owner_id, name) values ($1, $2, $3, 'p')", [
        projectId,
        projectId,
        owner,
      ]);
      await transaction.query(
        "insert into members (project_id, user_id, role) values ($1, $2, 'owner'), ($1, $3, 'viewer')",
        [projectId, owner, member],
      );
    });
    const first = execution({ projectId, userId: owner });
    const second = execution({ projectId, userId: owner, queuedAt: "2026-01-02T03:04:09.000Z" });
    for (const one of [first, second]) await store.insert(one);
    await store.finish(ended(first));
    const listed = await store.list(member, projectId, 10);
    expect(listed.map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(listed[1]).toEqual({ ...ended(first), stdout: "", stderr: "" });
    expect((await store.find(member, first.id))?.stderr).toBe("oh");
    expect(await store.list(member, projectId, 1)).toHaveLength(1);
    expect(await store.list(stranger, projectId, 10)).toEqual([]);
    expect(await store.find(stranger, first.id)).toBeUndefined();
  });

  it("[X1] of a public project are found by every user, and no longer when it is private", async () => {
    const [owner, visitor, projectId] = [createId(), createId(), createId()];
    await database.sql.transaction({ role: "jobs" }, async (transaction) => {
      await transaction.query(
        "insert into projects (id, slug, owner_id, name, visibility) values ($1, $2, $3, 'p', 'public')",
        [projectId, projectId, owner],
      );
      await transaction.query("insert into members (project_id, user_id, role) values ($1, $2, 'owner')", [
        projectId,
        owner,
      ]);
    });
    const one = execution({ projectId, userId: owner });
    const own = execution({ userId: owner });
    for (const each of [one, own]) await store.insert(each);
    await store.finish(ended(one));
    expect(await store.find(visitor, one.id)).toEqual(ended(one));
    expect(await store.find(visitor, own.id)).toBeUndefined();
    expect(await store.find(visitor, createId())).toBeUndefined();
    await database.sql.transaction({ role: "jobs" }, (transaction) =>
      transaction.query("update projects set visibility = 'private' where id = $1", [projectId]),
    );
    expect(await store.find(visitor, one.id)).toBeUndefined();
    expect(await store.find(owner, one.id)).toEqual(ended(one));
  });

  it("[X23] large output is removed before small output, then old rows; recent output below the limits stays", async () => {
    const at = Date.parse("2026-06-01T00:00:00Z");
    const daysAgo = (days: number): string => new Date(at - days * 86_400_000).toISOString();
    const userId = createId();
    const large = "x".repeat(70_000);
    const put = async (days: number, stdout: string): Promise<string> => {
      const one = execution({ userId, queuedAt: daysAgo(days) });
      await store.insert(one);
      await store.finish(ended(one, { stdout, startedAt: daysAgo(days), endedAt: daysAgo(days) }));
      return one.id;
    };
    const [fresh, oldSmall, oldLarge, gone] = [
      await put(0, large),
      await put(20, "small"),
      await put(3, large),
      await put(31, "small"),
    ];
    const pending = execution({ userId, queuedAt: daysAgo(40) });
    await store.insert(pending);
    await trimExecutions(database.sql, at);
    expect((await store.find(userId, fresh))?.stdout).toBe(large);
    expect((await store.find(userId, oldSmall))?.stdout).toBe("small");
    expect(await store.find(userId, oldLarge)).toMatchObject({
      stdout: "",
      stderr: "",
      truncated: true,
      status: "killed",
    });
    expect(await store.find(userId, gone)).toBeUndefined();
    expect(await store.find(userId, pending.id)).toEqual(pending);
    const many: string[] = [];
    for (let i = 0; i < 52; i += 1) many.push(await put(1 - i / 100, large));
    await trimExecutions(database.sql, at);
    const kept = await Promise.all([fresh, ...many].map(async (id) => (await store.find(userId, id))?.stdout !== ""));
    expect(kept).toEqual([true, false, false, false, ...Array<boolean>(49).fill(true)]);
  });

  it("[X23] a long backlog is removed in short batches that use indexes, and a stop keeps the batches that are done", async () => {
    const admin = await database.openAdmin();
    await admin.query("delete from executions");
    const userId = createId();
    await admin.query(
      `insert into executions (id, user_id, language, runtime_version, entry_point, args, tty, limits, status, queued_at, ended_at,
          usage, code_hash, stdout)
        select gen_random_uuid(), $1, 'python', '3', 'main.py', '[]', false, '{}', 'succeeded', t.at, t.at, '{}', 'c',
            case when n % 5 = 0 then convert_to(repeat('x', 70000), 'UTF8') else '' end
          from generate_series(1, 2200) n
          cross join lateral (select now() - (n * 2) * interval '1 hour' as at) t`,
      [userId],
    );
    const affected: number[] = [];
    const counting: Sql = {
      healthy: () => database.sql.healthy(),
      transaction: (scope, work) =>
        database.sql.transaction(scope, (transaction) =>
          work({
            async query(text, values) {
              const found = await transaction.query(text, values);
              affected.push(found.length);
              return found as never;
            },
          }),
        ),
    };
    const count = async (where: string): Promise<number> =>
      Number((await admin.query<{ n: string }>(`select count(*) as n from executions where ${where}`)).rows[0]?.n);
    const old = await count("ended_at < now() - interval '30 days'");
    expect(old).toBeGreaterThan(1_500);
    let batches = 0;
    const stopped = await trimExecutions(counting, Date.now(), async () => (++batches === 2 ? "stop" : "go on"));
    expect(stopped.deleted).toBe(1_000);
    expect(await count("ended_at < now() - interval '30 days'")).toBe(old - 1_000);
    const rest = await trimExecutions(counting, Date.now());
    expect(rest.deleted).toBe(old - 1_000);
    expect(Math.max(...affected)).toBeLessThanOrEqual(500);
    expect(await count("octet_length(stdout) > 65536 and ended_at < now() - interval '2 days'")).toBe(0);
    expect(await trimExecutions(counting, Date.now())).toEqual({ emptied: 0, deleted: 0 });
    await admin.query("set enable_seqscan = off");
    const { rows } = await admin.query<{ "QUERY PLAN": string }>(
      `explain select id from executions where ended_at is not null and ended_at < now() - interval '30 days' order by ended_at limit 500`,
    );
    expect(rows.map((row) => row["QUERY PLAN"]).join("\n")).toContain("executions_ended");
  });

  it("[X13] that nobody finished are marked, and only those", async () => {
    await store.fail(await store.unfinished());
    const unfinished = [execution(), execution({ status: "running" })];
    const done = execution();
    for (const one of [...unfinished, done]) await store.insert(one);
    await store.finish(ended(done));
    expect((await store.unfinished()).toSorted()).toEqual(unfinished.map(({ id }) => id).toSorted());
    expect(await store.fail([...unfinished, done].map(({ id }) => id))).toBe(2);
    expect(await store.find(done.userId, done.id)).toEqual(ended(done));
    for (const { userId, id } of unfinished) {
      const found = await store.find(userId, id);
      expect([found?.status, found?.signal]).toEqual(["system-error", "SIGKILL"]);
      expect(found?.endedAt).not.toBeNull();
    }
  });
});
