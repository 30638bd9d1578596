/** For tests: the module on a real database and a real folder of blobs, with what the other modules would bring. */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll } from "vitest";
import type { Actor } from "#kernel/actor";
import { type Clock, systemClock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import { silentLog } from "#kernel/log";
import { createVault, type BlobStore } from "#platform/blobs";
import type { BusMessages, BusTopic, Bus } from "#platform/bus";
import type { Sql } from "#platform/sql";
import { openFolderBlobStore } from "../../platform/blobs/adapters/folder-blob-store.ts";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { openTestDatabase, type TestDatabase } from "../../platform/sql/test-database.ts";
import { createAccountRoom } from "./adapters/account-room.ts";
import { createSqlFileStore } from "./adapters/sql-file-store.ts";
import { createSqlMemberStore } from "./adapters/sql-member-store.ts";
import { createSqlProjectStore } from "./adapters/sql-project-store.ts";
import { createLinkTokens } from "./link-tokens.ts";
import type { FileStore, LiveDocuments, Templates } from "./ports.ts";
import { createProjectsService, type ProjectsService } from "./service.ts";

export type TestProjects = {
  readonly database: TestDatabase;
  readonly admin: pg.Client;
  readonly blobs: BlobStore;
  readonly bus: Bus;
  readonly service: ProjectsService;
  /** Without the service's queue, as another process would write. */
  readonly files: FileStore;
  /** Everything published, in order. */
  readonly published: Array<{ readonly topic: BusTopic; readonly message: unknown }>;
  /** Calls to the live documents, in order. */
  readonly liveCalls: Array<Record<string, unknown>>;
  /** Runs within the next checkpoint call, as a document with pending edits would. */
  onCheckpoint: (projectId: string, fileId?: string) => Promise<void>;
  addUser(name: string): Promise<Actor>;
  [Symbol.asyncDispose](): Promise<void>;
};

export type TestProjectsOptions = {
  readonly limits?: { readonly mostBytes: number; readonly mostNodes: number };
  readonly mostAccountBytes?: number;
  readonly mostProjects?: number;
  readonly sql?: (real: Sql) => Sql;
  readonly clock?: Clock;
};

const templates: Templates = {
  get: async (id) => (id === "python" ? [{ path: "main.py", bytes: Buffer.from("print('hello')\n") }] : undefined),
};

export const openTestProjects = async (options: TestProjectsOptions = {}): Promise<TestProjects> => {
  const database = await openTestDatabase();
  const admin = await database.openAdmin();
  const folder = await mkdtemp(join(tmpdir(), "atelier-projects-"));
  const blobs = await openFolderBlobStore(folder);
  const bus = createInProcessBus(silentLog);
  const published: TestProjects["published"] = [];
  for (const topic of ["project-event", "rights-changed", "files-removed", "sign-in-ended"] as const) {
    bus.subscribe(topic, (message: BusMessages[typeof topic]) => void published.push({ topic, message }));
  }
  const liveCalls: TestProjects["liveCalls"] = [];
  const live: LiveDocuments = {
    async checkpoint(projectId, fileId) {
      liveCalls.push({ call: "checkpoint", projectId, fileId });
      await test.onCheckpoint(projectId, fileId);
    },
    merge: ({ base, current, changed }) => `${changed} merged into ${current} from ${base}`,
    async applyExternal(change) {
      liveCalls.push({ call: "applyExternal", ...change });
    },
  };
  const vault = createVault(randomBytes(32));
  const limits = options.limits ?? { mostBytes: 500 * 1024 * 1024, mostNodes: 50_000 };
  const sql = options.sql?.(database.sql) ?? database.sql;
  const clock = options.clock ?? systemClock;
  const room = createAccountRoom({ sql, clock, mostBytes: options.mostAccountBytes ?? 1e12 });
  const stored = { sql, vault, blobs, limits, room, mostProjects: options.mostProjects ?? 1_000 };
  const files = createSqlFileStore(stored);
  const service = createProjectsService({
    projects: createSqlProjectStore(stored),
    members: createSqlMemberStore(stored.sql),
    files,
    templates,
    live,
    linkTokens: createLinkTokens(randomBytes(32)),
    bus,
    clock,
    log: silentLog,
    publicUrl: "http://localhost:3000",
  });
  const test: TestProjects = {
    database,
    admin,
    blobs,
    bus,
    service,
    files,
    published,
    liveCalls,
    onCheckpoint: async () => undefined,
    async addUser(name) {
      const userId = createId();
      await admin.query("insert into users (id, kind, name) values ($1, 'guest', $2)", [userId, name]);
      return { userId, kind: "guest", name, plan: "free", signInId: createId() };
    },
    async [Symbol.asyncDispose]() {
      await database[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return test;
};

/** For a test file, which awaits it at its top level: the module with two users, closed after the last test. */
export const openProjectsForFile = async (
  options?: TestProjectsOptions,
): Promise<{ readonly projects: TestProjects; readonly alice: Actor; readonly bob: Actor }> => {
  const projects = await openTestProjects(options);
  afterAll(() => projects[Symbol.asyncDispose](), 60_000);
  return { projects, alice: await projects.addUser("Alice"), bob: await projects.addUser("Bob") };
};
