/** For tests: the module on a real database. */
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { afterAll } from "vitest";
import type { Actor } from "#kernel/actor";
import { type Clock, systemClock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import { silentLog } from "#kernel/log";
import type { BusMessages, BusTopic, Bus } from "#platform/bus";
import type { Sql } from "#platform/sql";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { openTestDatabase, type TestDatabase } from "../../platform/sql/test-database.ts";
import { createLinkTokens } from "./link-tokens.ts";
import { createProjects, type Projects } from "./service.ts";

export type TestProjects = {
  readonly database: TestDatabase;
  /** The module's database. */
  readonly sql: Sql;
  readonly clock: Clock;
  readonly admin: pg.Client;
  readonly bus: Bus;
  readonly service: Projects;
  /** All published messages, in order. */
  readonly published: Array<{ readonly topic: BusTopic; readonly message: unknown }>;
  addUser(name: string): Promise<Actor>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestProjectsOptions = {
  readonly mostProjects?: number;
  readonly sql?: (real: Sql) => Sql;
  readonly clock?: Clock;
};

export const openTestProjects = async (options: TestProjectsOptions = {}): Promise<TestProjects> => {
  const database = await openTestDatabase();
  const admin = await database.openAdmin();
  const bus = createInProcessBus(silentLog);
  const published: TestProjects["published"] = [];
  for (const topic of ["project-event", "rights-changed", "files-removed", "sign-in-ended"] as const) {
    bus.subscribe(topic, (message: BusMessages[typeof topic]) => void published.push({ topic, message }));
  }
  const sql = options.sql?.(database.sql) ?? database.sql;
  const clock = options.clock ?? systemClock;
  const service = createProjects({
    sql,
    linkTokens: createLinkTokens(randomBytes(32)),
    bus,
    clock,
    publicUrl: "http://localhost:3000",
    mostProjects: options.mostProjects ?? 1_000,
  });
  return {
    database,
    sql,
    clock,
    admin,
    bus,
    service,
    published,
    async addUser(name) {
      const userId = createId();
      await admin.query("insert into users (id, kind, name) values ($1, 'guest', $2)", [userId, name]);
      return { userId, kind: "guest", name, plan: "free", signInId: createId() };
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
    },
  };
};

/** For a test file, which awaits it at its top level: the module with two users, closed after the last test. */
export const openProjectsForFile = async (
  options?: TestProjectsOptions,
): Promise<{ readonly projects: TestProjects; readonly alice: Actor; readonly bob: Actor }> => {
  const projects = await openTestProjects(options);
  afterAll(() => projects[Symbol.asyncDispose](), 60_000);
  return { projects, alice: await projects.addUser("Alice"), bob: await projects.addUser("Bob") };
};
