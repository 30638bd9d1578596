/** No request uses the database role `jobs`, which row-level security does not bind. */
import { AsyncLocalStorage } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHANNEL_FRAME, decodeChannelFrame, encodeChannelFrame, routes, sockets, type Route } from "@atelier/contracts";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WebSocket } from "ws";
import { systemClock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import { silentLog } from "#kernel/log";
import { createVault } from "#platform/blobs";
import type { HttpServer } from "#platform/http";
import type { Scope, Sql } from "#platform/sql";
import { createNodes, noLinks } from "#platform/links";
import { createDocumentCpu, createDocumentStorage, createSnapshots } from "#collaboration";
import { createAccountQuota, createFiles, type Files } from "#files";
import { createIdentity } from "#identity";
import { createPreviewAddresses, createPreviewNames, createPreviews } from "#previews";
import { createLinkReads, createLinkTokens, createProjects, type Projects } from "#projects";
import { openFolderSpool } from "../modules/collaboration/import/adapters/folder-spool.ts";
import { zipOf } from "../modules/collaboration/import/test-archives.ts";
import { createPostgresDocumentLog } from "../modules/collaboration/log/adapters/postgres-document-log.ts";
import { createArgon2Passwords } from "../modules/identity/adapters/argon2-passwords.ts";
import { createCommonPasswordRules } from "../modules/identity/adapters/common-passwords.ts";
import { openFolderBlobStore } from "../platform/blobs/adapters/folder-blob-store.ts";
import { createInProcessBus } from "../platform/bus/adapters/in-process-bus.ts";
import { actorNamed, callAs, createEdgeFixture, type EdgeFixture } from "../platform/http/test-edge.ts";
import { createInProcessHomes } from "../platform/homes/adapters/in-process-homes.ts";
import { createSequenceFences } from "../platform/homes/adapters/sequence-fences.ts";
import { createPrometheusMetrics } from "../platform/metrics/adapters/prometheus-metrics.ts";
import { openTestDatabase, type TestDatabase } from "../platform/sql/test-database.ts";
import { createAccountUsage } from "./account-usage.ts";
import { bindApplication, createApplication } from "./application.ts";
import { createProjectOpener } from "./open-project.ts";

/** The request, or the opening of a socket, that the current work belongs to. */
const request = new AsyncLocalStorage<string>();
const asked: Array<{ readonly by: string; readonly role: Scope["role"] }> = [];

/** Runs handlers as the edge does, but each in the context of its request. */
const watched = (server: HttpServer): HttpServer =>
  new Proxy(server, {
    get(target, name) {
      if (name === "bind")
        return (route: Route, handler: (call: never) => Promise<never>) =>
          target.bind(route, (call) => request.run(route.id, () => handler(call as never)));
      if (name === "socket")
        return (path: string, limits: { maxFrameBytes: number }, handler: (call: unknown) => void) =>
          target.socket(path, limits, (call) => request.run(path, () => handler(call)));
      return Reflect.get(target, name) as unknown;
    },
  });

let database: TestDatabase;
let folder: string;
let edge: EdgeFixture;
let origin: string;
let sql: Sql;
let projects: Projects;
let files: Files;
let application: ReturnType<typeof createApplication>;
const alice = actorNamed("alice");

beforeAll(async () => {
  database = await openTestDatabase();
  folder = await mkdtemp(join(tmpdir(), "atelier-roles-"));
  edge = createEdgeFixture();
  const admin = await database.openAdmin();
  for (const name of ["alice", "bob"])
    await admin.query("insert into users (id, kind, name) values ($1, 'guest', $2)", [actorNamed(name).userId, name]);
  sql = {
    transaction(scope, work) {
      const by = request.getStore();
      if (by !== undefined) asked.push({ by, role: scope.role });
      return database.sql.transaction(scope, work);
    },
    healthy: () => database.sql.healthy(),
  };
  const clock = systemClock;
  const log = silentLog;
  const bus = createInProcessBus(log);
  const metrics = createPrometheusMetrics();
  const blobs = await openFolderBlobStore(folder);
  const vault = createVault(randomBytes(32));
  const secretKey = randomBytes(32);
  const passwords = createArgon2Passwords();
  const nodes = createNodes({ links: noLinks, clock, log });
  const homes = createInProcessHomes({ fences: createSequenceFences(database.sql), clock });
  const documentCpu = createDocumentCpu({ clock, homes, calls: nodes.calls });
  const usage = createAccountUsage({ sql, documentCpu, projectBytes: 1e8 });
  const identity = createIdentity({
    sql,
    bus,
    clock,
    log,
    passwords,
    usage,
    secretKey,
    guests: true,
    registration: "open",
    passwordRules: createCommonPasswordRules(),
  });
  const audit = { record: () => undefined };
  projects = createProjects({
    sql,
    linkTokens: createLinkTokens(secretKey),
    bus,
    clock,
    publicUrl: "http://localhost",
    mostProjects: 100,
  });
  const atRest = createFiles({
    sql,
    vault,
    blobs,
    projects,
    templates: { get: async () => [{ path: "main.py", bytes: Buffer.from("print(1)\n") }] },
    limits: { mostBytes: 1e8, mostNodes: 1_000 },
    quota: createAccountQuota({ sql, clock, mostBytes: 1e9 }),
    bus,
  });
  // Background work of live documents, after rights were checked: these two, their log and homes.
  files = {
    ...atRest,
    readStored: (...given) => request.exit(() => atRest.readStored(...given)),
    saveCheckpoint: (...given) => request.exit(() => atRest.saveCheckpoint(...given)),
  };
  application = createApplication({
    sql,
    blobs,
    bus,
    audit,
    homes,
    links: noLinks,
    nodes,
    documentCpu,
    clock,
    log,
    metrics,
    identity,
    projects,
    files,
    documents: createDocumentStorage({
      sql: database.sql,
      log: createPostgresDocumentLog(database.sql),
      snapshots: createSnapshots({ sql: database.sql, vault, blobs, onDamaged: () => undefined }),
    }),
    sandboxes: {
      choice: { provider: undefined, tier: null, verdicts: [] },
      reason: () => "no sandboxes here",
      onProvider: () => undefined,
    },
    imports: { spool: await openFolderSpool(join(folder, "imports")), mostArchiveBytes: 1e8 },
    executionSettings: {
      IMAGES: "on-demand",
      EXECUTION_CONCURRENCY: 1,
      EXECUTION_QUEUE: 1,
      EXECUTION_WARM_MAX: 0,
      EXECUTION_PROGRAM_MIB: 1,
      WEBHOOK_ALLOWED_HOSTS: [],
    },
    secretKey,
    ownHosts: [],
    languagesFolder: join(import.meta.dirname, "../../../../languages"),
    imagesFolder: folder,
    onFatal: () => undefined,
  });
  const server = watched(edge.server);
  bindApplication(server, application, {
    identity,
    proxied: false,
    previews: createPreviews({
      projects,
      files: application.liveFiles,
      identity,
      names: createPreviewNames(secretKey, () => clock.now()),
      addresses: createPreviewAddresses(
        { PREVIEW_ORIGIN: undefined, PREVIEW_PORT: undefined, PUBLIC_URL: undefined },
        { https: false, port: () => 3000 },
      ),
      rateLimits: { take: async () => ({ allowed: true, limit: 1, remaining: 1, resetSeconds: 1 }) },
      https: false,
    }),
    projects,
    files,
    homes,
    links: noLinks,
    nodes,
    audit,
    bus,
    clock,
    log,
    linkReads: createLinkReads({ projects, audit, clock, log }),
    https: false,
  });
  server.bind({ ...routes.logout, id: "planted", path: "/planted" }, async () => {
    await sql.transaction({ role: "jobs" }, (transaction) => transaction.query("select 1"));
    return { status: 204 as const, body: undefined };
  });
  for (const component of application.components) await component.start(new AbortController().signal);
  origin = await edge.listen();
});
afterAll(async () => {
  await edge[Symbol.asyncDispose]();
  for (const component of application.components.toReversed()) await component[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const call = async (method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> => {
  const answer =
    body instanceof Uint8Array
      ? await fetch(`${origin}/api${path}`, {
          method,
          headers: { authorization: "Bearer token-of-alice", "content-type": "application/zip" },
          body: new Uint8Array(body),
        })
      : await callAs("alice", `${origin}/api${path}`, { method, body });
  return { status: answer.status, text: await answer.text() };
};
const inJobs = (): string[] => asked.filter(({ role }) => role === "jobs").map(({ by }) => by);
const idOf = ({ text }: { text: string }): string => (JSON.parse(text) as { id: string }).id;

/** Resolves when so many channels of a project socket have said something. */
const hearChannels = (socket: WebSocket, count: number): Promise<void> =>
  new Promise((resolve) => {
    const heard = new Set<number | undefined>();
    socket.on("message", (frame: Buffer) => {
      heard.add(decodeChannelFrame(frame)?.channel);
      if (heard.size === count) resolve();
    });
  });

test("[P42] no route, no socket and no page uses the role jobs; a planted use is found", async () => {
  const id = idOf(await call("POST", "/projects", { name: "P", template: "python", visibility: "public" }));
  const filesPath = `/projects/${id}/files`;
  const link = JSON.parse((await call("POST", `/projects/${id}/links`, { role: "editor" })).text) as {
    id: string;
    token: string;
  };
  const execution = createId();
  const admin = await database.openAdmin();
  await admin.query(
    `insert into executions (id, project_id, user_id, language, runtime_version, entry_point, args, tty, limits, status, queued_at,
        ended_at, usage, code_hash)
      values ($1, $2, $3, 'python', '3', 'main.py', '[]', false, $4, 'succeeded', now(), now(), $5, 'c')`,
    [
      execution,
      id,
      alice.userId,
      { wallMs: 1, cpuMs: 1, memoryBytes: 1, outputBytes: 1 },
      { wallMs: 0, cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
    ],
  );
  const large = "x".repeat(200_000);
  const bob = actorNamed("bob").userId;
  const calls: Array<[keyof typeof routes, string, unknown?]> = [
    ["listProjects", "/projects"],
    ["getProject", `/projects/${id}`],
    ["updateProject", `/projects/${id}`, { name: "Q" }],
    ["tree", `/projects/${id}/tree`],
    ["createFile", filesPath, { path: "a.txt", content: "a" }],
    ["createFile", filesPath, { path: "large.txt", content: large }],
    ["putFile", filesPath, { path: "a.txt", content: "b" }],
    ["putFile", filesPath, { path: "large.txt", content: `${large}y` }],
    ["readFile", `${filesPath}?path=a.txt`],
    ["readRawFile", `${filesPath}/raw?path=large.txt`],
    ["history", `${filesPath}/history?path=a.txt`],
    ["restoreVersion", `${filesPath}/restore`, { path: "a.txt", version: 1 }],
    ["createFolder", `/projects/${id}/folders`, { path: "d" }],
    ["move", `/projects/${id}/move`, { from: "a.txt", to: "d/a.txt" }],
    ["deleteFile", `${filesPath}?path=d&recursive=true`],
    ["forkProject", `/projects/${id}/fork`, {}],
    ["exportProject", `/projects/${id}/export`],
    [
      "importArchive",
      `/projects/${id}/import`,
      zipOf([
        { name: "main.py", content: "print(2)\n", mode: 0o100755 },
        { name: "new/large.txt", content: `${large}z` },
      ]),
    ],
    ["listMembers", `/projects/${id}/members`],
    ["getMember", `/projects/${id}/members/${alice.userId}`],
    ["putMember", `/projects/${id}/members/${bob}`, { role: "viewer" }],
    ["deleteMember", `/projects/${id}/members/${bob}`],
    ["acceptLink", `/links/${link.token}/accept`],
    ["listLinks", `/projects/${id}/links`],
    ["deleteLink", `/projects/${id}/links/${link.id}`],
    ["editorState", `/projects/${id}/editor-state`],
    ["putEditorState", `/projects/${id}/editor-state`, { tabs: [] }],
    ["liveSessions", `/projects/${id}/sessions`],
    ["listExecutions", `/projects/${id}/executions`],
    ["getExecution", `/executions/${execution}`],
    ["stopExecution", `/executions/${execution}`],
    ["startExecution", "/executions", { projectId: id, language: "python", entryPoint: "main.py" }],
    ["deleteProject", `/projects/${id}`],
    ["restoreProject", `/projects/${id}/restore`],
  ];
  for (const [route, path, body] of calls) {
    const answer = await call(routes[route].method, path, body);
    // Without a sandbox nothing runs; everything else works.
    expect([route, answer.status < 400 || answer.status === 503, answer.text]).toEqual([route, true, answer.text]);
  }
  for (const route of Object.values(routes) as Route[]) {
    if (calls.some(([called]) => called === route.id)) continue;
    await call(route.method, route.path.replaceAll(/:\w+/gu, id), route.body === undefined ? undefined : {});
  }
  const file = (JSON.parse((await call("GET", `/projects/${id}/tree`)).text) as { entries: Array<{ id: string }> })
    .entries[0];
  for (const path of Object.values(sockets)) {
    const address = path
      .replace(":projectId", id)
      .replace(":fileId", file?.id ?? "")
      .replace(":id", execution);
    const socket = new WebSocket(`${origin.replace("http", "ws")}/api${address}?token=token-of-alice`);
    socket.on("error", () => undefined);
    await once(socket, "open");
    const openings =
      path === sockets.project
        ? [{ kind: "document", fileId: file?.id }, { kind: "events" }, { kind: "run", executionId: execution }]
        : [];
    for (const [index, opening] of openings.entries())
      socket.send(
        encodeChannelFrame({
          channel: index + 1,
          type: CHANNEL_FRAME.open,
          payload: Buffer.from(JSON.stringify(opening)),
        }),
      );
    if (openings.length > 0) await hearChannels(socket, openings.length);
    else await Promise.race([once(socket, "message"), once(socket, "close")]);
    socket.terminate();
  }
  const opener = createProjectOpener({ sql, projects, files, liveFiles: application.liveFiles });
  const { slug } = JSON.parse((await call("GET", `/projects/${id}`)).text) as { slug: string };
  const asking = { filePath: undefined, request: { id: "r", address: "127.0.0.1" } };
  for (const visitor of [alice, actorNamed("bob"), undefined])
    expect((await request.run("page", () => opener(visitor, { slug, ...asking })))?.project.id).toBe(id);
  expect(await request.run("page", () => opener(alice, { slug: "nowhere", ...asking }))).toBeUndefined();

  expect(inJobs()).toEqual([]);
  // Every operation that uses the database was checked.
  expect(new Set(asked.map(({ by }) => by)).size).toBeGreaterThan(35);
  expect(asked.length).toBeGreaterThan(80);
  await call("POST", "/planted");
  expect(inJobs()).toEqual(["planted"]);
});
