/** Live documents as a whole: who may join, what closes a connection, and the port that the projects module calls. */
import { CLOSE, type LiveSessions, type Role } from "@atelier/contracts";
import type { Clock } from "#kernel/clock";
import { isId } from "#kernel/ids";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import { createPending } from "#kernel/pending";
import { Problem } from "#kernel/problem";
import type { AuditTrail } from "#platform/audit";
import type { Bus } from "#platform/bus";
import { type Access, createAccessWatch, type RightsRecheck } from "#platform/channels";
import type { SocketCall } from "#platform/http";
import { type Homes, HomeTaken } from "#platform/homes";
import type { Nodes } from "#platform/links";
import type { Metrics } from "#platform/metrics";
import type { Files } from "#files";
import type { ColorReference, PresenceColors, Projects } from "#projects";
import { createCheckpointing } from "./checkpoint/checkpointing.ts";
import { ConnectionIndex } from "./connection/connection-index.ts";
import { CONNECTION_LIMITS, type ConnectionLimits } from "./connection/connection-limits.ts";
import { Connection, type ConnectionParts } from "./connection/connection.ts";
import { MAX_STATE_BYTES } from "./updates/text-limit.ts";
import { LOG_BYTES } from "./log/housekeeping.ts";
import { createMergeQueue } from "./external/merge-queue.ts";
import type { LiveDocuments } from "./live-files/live-files.ts";
import { createUnwrittenEdits } from "./live-files/unwritten-edits.ts";
import { createLogWriter } from "./log/log-writer.ts";
import type { DocumentCpu } from "./materialise/document-cpu.ts";
import { createMaterialiser, type Deadlines } from "./materialise/materialiser.ts";
import { openDocument } from "./document/open-document.ts";
import { answerForDocuments, createDocumentsElsewhere } from "./document/documents-elsewhere.ts";
import type { DocumentRef } from "./document/document-ref.ts";
import type { DocumentStorage } from "./document/document-storage.ts";
import { DocumentRegistry, type DocumentReference } from "./document/registry.ts";
import { liveSessions, mergeSessions } from "./connection/sessions.ts";
import { UPKEEP_TIMES, type UpkeepTimes } from "./document/upkeep.ts";
import { watchFiles } from "./document/file-watch.ts";
import { createSharedRoles } from "./connection/shared-roles.ts";

export type CollaborationOptions = {
  readonly storage: DocumentStorage;
  readonly projects: Pick<Projects, "requireRole" | "roleOf">;
  readonly files: Pick<Files, "readStored" | "saveCheckpoint">;
  readonly homes: Homes;
  readonly nodes: Nodes;
  readonly bus: Bus;
  readonly rechecks: Pick<RightsRecheck, "watch">;
  /** Shared with every module that shows who is present. */
  readonly colors: PresenceColors;
  /** Gets one row per user, document and connection that edits. */
  readonly audit: AuditTrail;
  /** Gets the CPU that workers use for each account's documents. */
  readonly cpu: Pick<DocumentCpu, "charge">;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly times?: Partial<UpkeepTimes>;
  readonly limits?: Partial<ConnectionLimits>;
  /** Least time between two log commits; COMMIT_SPACING_MS. */
  readonly commitSpacingMs?: number;
  /** Compacted history of a document, in bytes, above which a new generation begins; MAX_STATE_BYTES. */
  readonly maxStateBytes?: number;
  /** Bytes logged since the last snapshot beyond which the log is shortened at once; SHRINK_LOG_BYTES. */
  readonly shrinkLogBytes?: number;
  /** Bytes of log kept although snapshots and a version hold them; LOG_BYTES. */
  readonly keptLogBytes?: number;
  /** For one piece of work on a document; the materialiser's own by default. */
  readonly workDeadlines?: Deadlines;
};

type Opened = { readonly role: Role; readonly reference: DocumentReference; readonly color: ColorReference };

export type Collaboration = Component & {
  readonly liveDocuments: LiveDocuments;
  /** Serves a channel. */
  connect(call: SocketCall): void;
  /** Open documents of a project on this node with who is in them. The caller has authorized the reader. */
  sessions(projectId: string): LiveSessions;
  /** The same, of all nodes that respond. */
  sessionsEverywhere(projectId: string): Promise<LiveSessions>;
  /** Resolves when no look-up of rights, checkpoint, snapshot or other timed work is in progress; for tests. */
  idle(): Promise<void>;
  /** Stops at once without writing, as in a crash; acknowledged updates are in the log. For tests. */
  abandon(): void;
};

/** Each commit costs about as much as relaying to fifty; nobody sees "saved" come so much later. */
const COMMIT_SPACING_MS = 50;
const KEEP_ALIVE_MS = 20_000;
const KEEP_ALIVE_SLICES = 20;
/** Number of documents that are written and closed concurrently while stopping. */
const REST_AT_ONCE = 8;

export const createCollaboration = (options: CollaborationOptions): Collaboration => {
  const { storage, projects, clock, log, metrics } = options;
  const connections = new ConnectionIndex();
  const acknowledged = new Set<Connection>();
  const pending = createPending();
  let isStopping = false;
  let isSwept = Promise.resolve();

  const tellAll = (durable: boolean): void => {
    for (const connection of connections) connection.durabilityChanged(durable);
  };
  const materialiser = createMaterialiser({ log, cpu: options.cpu, deadlines: options.workDeadlines });
  const writer = createLogWriter({
    storage,
    clock,
    log,
    spacingMs: options.commitSpacingMs ?? COMMIT_SPACING_MS,
    commitSeconds: metrics.histogram("atelier_document_log_commit_seconds", "Commits of the document log"),
    batchSize: metrics.histogram("atelier_document_log_batch_updates", "Updates in one commit of the document log", {
      buckets: [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 5_000],
    }),
    onCommitted: () => {
      for (const connection of acknowledged) connection.sendSaved();
      acknowledged.clear();
    },
    onUp: () => tellAll(true),
    onDown: () => tellAll(false),
  });
  const checkpointing = createCheckpointing({
    storage,
    files: options.files,
    materialiser,
    writer,
    maxStateBytes: options.maxStateBytes ?? MAX_STATE_BYTES,
    keptLogBytes: options.keptLogBytes ?? LOG_BYTES,
    notesAtOnce: options.homes.areShared,
    evict: (document, close) => registry.evict(document, close),
  });
  const opening = {
    storage,
    files: options.files,
    materialiser,
    writer,
    checkpointing,
    clock,
    log,
    shrinkLogBytes: options.shrinkLogBytes,
  };
  const registry: DocumentRegistry = new DocumentRegistry({
    homes: options.homes,
    clock,
    log,
    times: { ...UPKEEP_TIMES, ...options.times },
    checkpointing,
    pending,
    onDropped: (ref) => unwritten.dropped(ref),
    open: (ref, home) => openDocument(opening, ref, home),
  });
  const elsewhere = createDocumentsElsewhere(options.nodes.calls);
  const unwritten = createUnwrittenEdits({
    storage,
    registry,
    checkpointing,
    areHomesShared: options.homes.areShared,
    elsewhere,
    log,
  });
  const mergeQueue = createMergeQueue({ registry, checkpointing, elsewhere });
  const sessions = (projectId: string): LiveSessions => liveSessions(connections.of(projectId));
  answerForDocuments(options.nodes.calls, {
    write: (ref) => unwritten.writeOpen(ref),
    merge: (change) => mergeQueue.mergeStored(change),
    sessions,
  });
  const access = createAccessWatch({ bus: options.bus, rechecks: options.rechecks, log, pending });
  const removedFiles = watchFiles({ bus: options.bus, registry });
  const roleOf = createSharedRoles(projects);
  metrics.gauge("atelier_documents_open", "Open live documents", () => registry.size);
  metrics.gauge("atelier_document_connections", "Sockets of live documents", () => connections.size);
  metrics.gauge("atelier_document_log_backlog_bytes", "Updates that wait for the log", () => writer.backlogBytes);
  const parts: ConnectionParts = {
    materialiser,
    compact: (document) => checkpointing.compact(document),
    writer,
    clock,
    log,
    limits: { ...CONNECTION_LIMITS, ...options.limits },
    relaySeconds: metrics.histogram("atelier_document_relay_seconds", "From an update's arrival until it is relayed", {
      buckets: [0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05],
    }),
    acknowledge: (connection) => acknowledged.add(connection),
  };

  const leave = ({ reference, color }: Pick<Opened, "reference" | "color">): void => {
    reference.release();
    color.release();
  };

  /** @returns undefined when there is no such file; one that is removed, or moves, while it opens is looked up again */
  const open = async (call: SocketCall, ref: DocumentRef): Promise<Opened | undefined> => {
    for (;;) {
      const seen = removedFiles.removals;
      const role = await projects.requireRole(call.actor, ref.projectId, "viewer");
      const reference = await registry.acquire(ref);
      if (reference === undefined) return undefined;
      const color = await options.colors.acquire(ref.projectId, call.actor.userId);
      const isOutdated = removedFiles.removals !== seen || reference.document.isGone;
      if (!isOutdated || isStopping) return { role, reference, color };
      leave({ reference, color });
    }
  };

  const serve = async (call: SocketCall, ref: DocumentRef, guest: Access): Promise<void> => {
    const { channel, query } = call;
    const opened = await guest.first(() => open(call, ref), leave);
    if (opened === undefined) return channel.close(CLOSE.notFound, "no such file");
    const { role, color } = opened;
    const { document } = opened.reference;
    const asked = query.get("generation");
    if (!channel.isOpen || isStopping) {
      leave(opened);
      return channel.close(CLOSE.moving, "stopping");
    }
    if (asked !== null && asked !== String(document.owner.generation)) {
      leave(opened);
      return channel.close(CLOSE.generationChanged, "another generation");
    }
    const connection = new Connection({
      channel,
      access: guest,
      actor: call.actor,
      color: color.color,
      role,
      document,
      speaksOurs: query.get("v") === "1",
      isLogUp: writer.isUp,
      onFirstEdit: () =>
        options.audit.record({
          action: "document.edit",
          userId: call.actor.userId,
          projectId: document.owner.ref.projectId,
          target: document.path,
          address: call.request.address,
          requestId: call.request.id,
        }),
      parts,
    });
    connections.add(connection);
    void channel.closed.then(() => {
      connection.leave();
      connections.delete(connection);
      leave(opened);
    });
    guest.serve<Role>({
      look: (change) => roleOf({ userId: call.actor.userId, projectId: ref.projectId }, change),
      changed: (now) => connection.roleChanged(now),
      frame: (frame) => connection.receive(frame),
      windowBytes: parts.limits.windowBytes,
      close: (code, reason) => connection.close(code, reason),
    });
  };

  const keepAlive = (slice: number): void => {
    if (isStopping) return;
    let number = 0;
    for (const connection of connections) if (number++ % KEEP_ALIVE_SLICES === slice) connection.keepAlive();
    clock.after(KEEP_ALIVE_MS / KEEP_ALIVE_SLICES, () => keepAlive((slice + 1) % KEEP_ALIVE_SLICES));
  };

  const abandon = (): void => {
    isStopping = true;
    access.stop();
    removedFiles.stop();
    writer.close();
    registry.forgetAll();
  };

  const stop = async (): Promise<void> => {
    isStopping = true;
    const waiting = [...registry.documents()];
    const rest = async (): Promise<void> => {
      for (let document = waiting.pop(); document !== undefined; document = waiting.pop()) {
        document.closeAll(CLOSE.moving, "the server stops, connect again");
        try {
          await registry.close(document);
        } catch (error) {
          log.error("collaboration.document-not-put-to-rest", {
            fileId: document.owner.ref.fileId,
            error: error instanceof Error ? error.message : "unknown",
          });
        }
      }
    };
    await isSwept;
    await Promise.all(Array.from({ length: REST_AT_ONCE }, rest));
    abandon();
    await materialiser[Symbol.asyncDispose]();
  };

  return {
    name: "collaboration",
    liveDocuments: {
      checkpoint: (...given) => unwritten.write(...given),
      applyExternal: (change) => mergeQueue.merge(change),
      mergeTexts: async (project, texts) =>
        (await materialiser.run("merge", () => texts, { ...project, fileId: "" })).text,
    },
    connect(call) {
      const { channel, actor } = call;
      const { projectId = "", fileId = "" } = call.params;
      if (isStopping) return channel.close(CLOSE.moving, "stopping");
      if (!isId(projectId) || !isId(fileId)) return channel.close(CLOSE.notFound, "no such file");
      const ref = { projectId: projectId.toLowerCase(), fileId: fileId.toLowerCase() };
      const guest = { channel, userId: actor.userId, signInId: actor.signInId, projectId: ref.projectId };
      serve(call, ref, access.add(guest).access).catch((error: unknown) => {
        if (error instanceof HomeTaken && error.where.at === "node" && options.nodes.relay(call, error.where.node))
          return;
        const isHidden = error instanceof Problem && error.status === 404;
        if (!isHidden)
          log.warn("collaboration.open-failed", { error: error instanceof Error ? error.message : "unknown" });
        if (isHidden) channel.close(CLOSE.notFound, "no such file");
        else channel.close(CLOSE.overloaded, "the document can't be opened right now");
      });
    },
    sessions,
    async sessionsEverywhere(projectId) {
      const nodes = await options.homes.nodes();
      // Documents of a node that does not respond count as closed.
      const asked = await Promise.allSettled(nodes.map((node) => elsewhere.sessions(node, projectId)));
      const others = asked.flatMap((answer) => (answer.status === "fulfilled" ? [answer.value] : []));
      return others.length === 0 ? sessions(projectId) : mergeSessions([sessions(projectId), ...others]);
    },
    async start(signal) {
      keepAlive(0);
      isSwept = unwritten.sweep(signal);
    },
    idle: () => pending.idle(),
    abandon,
    [Symbol.asyncDispose]: stop,
  };
};
