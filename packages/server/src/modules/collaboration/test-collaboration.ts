/** For tests: live documents on a real database behind the real HTTP edge, with files at rest that a test can look at. */
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Entry, Role } from "@atelier/contracts";
import { WebSocket } from "ws";
import { WebsocketProvider } from "y-websocket";
import * as Y from "yjs";
import { systemClock, type Clock } from "#kernel/clock";
import { createId } from "#kernel/ids";
import { silentLog, type Log } from "#kernel/log";
import { Problem } from "#kernel/problem";
import type { AuditEntry } from "#platform/audit";
import { createVault } from "#platform/blobs";
import type { Sql } from "#platform/sql";
import type { Files, StoredFile } from "#files";
import { createNodes, type Links, noLinks, servingRelays } from "#platform/links";
import { createPresenceColors, type Projects } from "#projects";
import { openFolderBlobStore } from "../../platform/blobs/adapters/folder-blob-store.ts";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { actorNamed, createEdgeFixture } from "../../platform/http/test-edge.ts";
import { createInProcessHomes } from "../../platform/homes/adapters/in-process-homes.ts";
import { createSequenceFences } from "../../platform/homes/adapters/sequence-fences.ts";
import { createPrometheusMetrics } from "../../platform/metrics/adapters/prometheus-metrics.ts";
import { openTestDatabase } from "../../platform/sql/test-database.ts";
import { createDocumentStorage } from "./document/document-storage.ts";
import { createPostgresDocumentLog } from "./log/adapters/postgres-document-log.ts";
import { createSnapshots } from "./snapshot/snapshots.ts";
import { createCollaboration, type Collaboration, type CollaborationOptions } from "./collaboration.ts";
import { registerCollaborationHttp } from "./http.ts";
import { registerCollaborationSocket } from "./socket.ts";
import { SocketClient } from "./test-socket-client.ts";

/** Files at rest with the promises of projects and files that live documents use. */
const createTestFiles = (sql: Sql) => {
  const projectId = createId();
  /** A project of Bob's without files, so that every file id belongs to another project. */
  const emptyProjectId = createId();
  const ownerId = actorNamed("alice").userId;
  const roles = new Map<string, Role>([[ownerId, "owner"]]);
  const files = new Map<string, { path: string; versions: Uint8Array[] }>();
  const state = { isFull: false };
  const saves: { fileId: string; version: number; editorIds: readonly string[] }[] = [];

  const stored = (fileId: string, version?: number): (StoredFile & { ownerId: string }) | undefined => {
    const file = files.get(fileId);
    const number = version ?? file?.versions.length ?? 0;
    const bytes = file?.versions[number - 1];
    if (file === undefined || bytes === undefined) return undefined;
    const entry: Entry = {
      id: fileId,
      parentId: null,
      path: file.path,
      kind: "file",
      size: bytes.byteLength,
      hash: createHash("sha256").update(bytes).digest("hex"),
      version: number,
      executable: false,
      updatedAt: new Date(0).toISOString(),
    };
    return { entry, bytes, ownerId };
  };

  const projects: Pick<Projects, "requireRole" | "roleOf"> = {
    async requireRole(actor, project) {
      const isOwnEmpty = project === emptyProjectId && actor.userId === actorNamed("bob").userId;
      const role = project === projectId ? roles.get(actor.userId) : isOwnEmpty ? "owner" : undefined;
      if (role === undefined) throw new Problem("projects/no-such-project");
      return role;
    },
    roleOf: async (userId) => roles.get(userId),
  };

  const atRest: Pick<Files, "readStored" | "saveCheckpoint"> = {
    readStored: async (project, fileId, version) => (project === projectId ? stored(fileId, version) : undefined),
    async saveCheckpoint({ fileId, bytes, basedOn, editorIds }) {
      const newest = stored(fileId);
      const file = files.get(fileId);
      if (newest === undefined || file === undefined) return undefined;
      if (newest.entry.version !== basedOn) return { conflict: newest };
      if (Buffer.compare(newest.bytes, bytes) === 0)
        return { entry: newest.entry, changed: false, isFull: state.isFull };
      file.versions.push(bytes);
      saves.push({ fileId, version: file.versions.length, editorIds });
      return { entry: (stored(fileId) ?? newest).entry, changed: true, isFull: state.isFull };
    },
  };

  return {
    projectId,
    emptyProjectId,
    ownerId,
    projects,
    atRest,
    roles,
    saves,
    /** `isFull`: what checkpoints say of the owner's account. */
    state,
    /** @returns the new file's id */
    async add(content: string | Uint8Array, path = `${createId()}.txt`): Promise<string> {
      const fileId = createId();
      files.set(fileId, { path, versions: [typeof content === "string" ? Buffer.from(content) : content] });
      await sql.transaction({ role: "jobs" }, async (transaction) => {
        await transaction.query(
          "insert into projects (id, slug, owner_id, name) values ($1, $2, $3, 'p') on conflict (id) do nothing",
          [projectId, projectId, ownerId],
        );
        await transaction.query(
          "insert into nodes (project_id, id, kind, name, name_key, version, hash) values ($1, $2, 'file', $3, $3, 1, 'x')",
          [projectId, fileId, path],
        );
      });
      return fileId;
    },
    text: (fileId: string): string => Buffer.from(stored(fileId)?.bytes ?? []).toString("utf8"),
    version: (fileId: string): number => stored(fileId)?.entry.version ?? 0,
    remove: (fileId: string): boolean => files.delete(fileId),
    /** Writes a version from outside; the caller tells the live document, as projects does. */
    write(fileId: string, content: string | Uint8Array): { basedOn: number; version: number; bytes: Uint8Array } {
      const file = files.get(fileId);
      if (file === undefined) throw new Error("no such file");
      const bytes = typeof content === "string" ? Buffer.from(content) : content;
      const basedOn = file.versions.length;
      file.versions.push(bytes);
      return { basedOn, version: basedOn + 1, bytes };
    },
  };
};
export type TestFiles = ReturnType<typeof createTestFiles>;

export type TestClient = {
  readonly doc: Y.Doc;
  readonly provider: WebsocketProvider;
  text(): string;
  type(at: number, text: string, remove?: number): void;
};

export type TestServerOptions = Partial<Omit<CollaborationOptions, "storage" | "projects" | "files">> & {
  /** Stands in front of the real database, to make it fail. */
  readonly wrapSql?: (sql: Sql) => Sql;
  /** To the other nodes; absent: there are none. */
  readonly links?: Links;
};

/** Polls until the condition is met, for at most 30 s. */
export const until = async (condition: () => boolean, what = "the condition"): Promise<void> => {
  const endMs = performance.now() + 30_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error(`still waiting for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

export const openTestCollaboration = async () => {
  const database = await openTestDatabase();
  const files = createTestFiles(database.sql);
  const bus = createInProcessBus(silentLog);
  const closers: (() => Promise<void>)[] = [];
  const fences = createSequenceFences(database.sql);
  const folder = await mkdtemp(join(tmpdir(), "atelier-documents-"));
  const blobs = await openFolderBlobStore(folder);
  const vault = createVault(randomBytes(32));

  /** One server process; several after each other share database and files, as restarts do. */
  const serve = async (options: TestServerOptions = {}) => {
    const clock: Clock = options.clock ?? systemClock;
    const log: Log = options.log ?? silentLog;
    const sql = options.wrapSql?.(database.sql) ?? database.sql;
    const metrics = createPrometheusMetrics();
    const corrupt: number[] = [];
    const audited: AuditEntry[] = [];
    const links = options.links ?? noLinks;
    const collaboration: Collaboration = createCollaboration({
      storage: createDocumentStorage({
        sql,
        log: createPostgresDocumentLog(sql),
        snapshots: createSnapshots({ sql, vault, blobs, onDamaged: (_ref, sequence) => corrupt.push(sequence) }),
      }),
      projects: files.projects,
      files: files.atRest,
      rechecks: { watch: () => () => undefined },
      homes: createInProcessHomes({ fences, clock: systemClock }),
      nodes: createNodes({ links, clock: systemClock, log: silentLog }),
      bus,
      colors: createPresenceColors(),
      audit: { record: (entry) => audited.push(entry) },
      metrics,
      cpu: { charge: () => undefined },
      ...options,
      clock,
      log,
    });
    const edge = createEdgeFixture({ bus });
    const audit = { record: (entry: AuditEntry) => void audited.push(entry) };
    registerCollaborationSocket(servingRelays(edge.server, { links, audit }), collaboration);
    registerCollaborationHttp(edge.server, { collaboration, projects: files.projects });
    const origin = await edge.listen();
    await collaboration.start(new AbortController().signal);
    const clients: TestClient[] = [];
    const sockets: WebSocket[] = [];
    let isOpen = true;

    const close = async (end: () => Promise<void>): Promise<void> => {
      if (!isOpen) return;
      isOpen = false;
      for (const { provider } of clients) provider.destroy();
      for (const socket of sockets) socket.terminate();
      await end();
      await edge[Symbol.asyncDispose]();
    };
    closers.push(() => close(() => collaboration[Symbol.asyncDispose]()));

    const connect = (fileId: string, how: { user?: string; query?: string; projectId?: string }): WebSocket => {
      const socket = new WebSocket(
        `${origin.replace("http", "ws")}/api/collaborate/${how.projectId ?? files.projectId}/${fileId}?token=token-of-${how.user ?? "alice"}&${how.query ?? ""}`,
      );
      sockets.push(socket);
      socket.on("error", () => undefined);
      return socket;
    };

    return {
      collaboration,
      origin,
      metrics,
      corrupt,
      audited,
      stop: () => close(() => collaboration[Symbol.asyncDispose]()),
      /** The process dies: nothing is flushed. */
      crash: () => close(async () => collaboration.abandon()),
      /** A stock client. */
      join(
        fileId: string,
        how: { user?: string; doc?: Y.Doc; path?: string; params?: Record<string, string> } = {},
      ): TestClient {
        const doc = how.doc ?? new Y.Doc();
        const provider = new WebsocketProvider(
          `${origin.replace("http", "ws")}${how.path ?? "/api/collaborate"}/${files.projectId}`,
          fileId,
          doc,
          {
            WebSocketPolyfill: WebSocket as unknown as typeof globalThis.WebSocket,
            disableBc: true,
            params: { token: `token-of-${how.user ?? "alice"}`, ...how.params },
          },
        );
        const client: TestClient = {
          doc,
          provider,
          text: () => doc.getText("content").toJSON(),
          type(at, text, remove = 0) {
            doc.transact(() => {
              if (remove > 0) doc.getText("content").delete(at, remove);
              if (text !== "") doc.getText("content").insert(at, text);
            });
          },
        };
        clients.push(client);
        return client;
      },
      /** A client that understands our messages. */
      async speak(
        fileId: string,
        how: { user?: string; query?: string; projectId?: string } = {},
      ): Promise<SocketClient> {
        const socket = connect(fileId, { ...how, query: `v=1&${how.query ?? ""}` });
        // Listening before the handshake ends: the first frames may come in the same packet.
        const client = new SocketClient(socket);
        await once(socket, "open");
        return client;
      },
      /** A bare socket that speaks bytes. */
      async dial(fileId: string, how: { user?: string; query?: string; projectId?: string } = {}): Promise<WebSocket> {
        const socket = connect(fileId, how);
        await once(socket, "open");
        return socket;
      },
    };
  };

  return {
    database,
    blobs,
    vault,
    files,
    bus,
    /** Changes one byte of a blob. */
    async damage(storageKey: string): Promise<void> {
      const sealed = Buffer.from((await blobs.get(storageKey)) ?? []);
      sealed[sealed.length >> 1] = (sealed[sealed.length >> 1] ?? 0) ^ 1;
      await blobs.delete(storageKey);
      await blobs.put(storageKey, sealed);
    },
    serve,
    async [Symbol.asyncDispose]() {
      for (const close of closers) await close();
      await database[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
};
export type TestCollaboration = Awaited<ReturnType<typeof openTestCollaboration>>;
