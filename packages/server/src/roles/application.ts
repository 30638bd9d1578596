/** The application of ROLES=all: the modules over the adapters that main chose, bound to the edge. */
import type { Clock } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { AuditTrail } from "#platform/audit";
import type { BlobStore } from "#platform/blobs";
import type { Bus } from "#platform/bus";
import { createRightsRecheck, type RightsRecheck } from "#platform/channels";
import { createProjectSocket, type HttpServer } from "#platform/http";
import type { Homes } from "#platform/homes";
import { type Links, type Nodes, servingRelays } from "#platform/links";
import type { Metrics } from "#platform/metrics";
import type { ImageBuilds } from "#platform/sandboxes/images";
import type { Sql } from "#platform/sql";
import {
  type ArchiveImports,
  type Collaboration,
  createArchiveImports,
  createCollaboration,
  createLiveFiles,
  type DocumentCpu,
  type DocumentStorage,
  type LiveFiles,
  registerCollaborationHttp,
  registerCollaborationSocket,
  registerImportHttp,
  registerLiveFilesHttp,
  type Spool,
} from "#collaboration";
import {
  createExecution,
  type ExecutionModule,
  type ExecutionSettings,
  registerExecutionHttp,
  registerExecutionSocket,
} from "#execution";
import { createStagingMover, type Files, registerFilesHttp } from "#files";
import { type Previews, registerPreviewsHttp } from "#previews";
import { type IdentityService, registerIdentityHttp } from "#identity";
import {
  type LinkReads,
  createPresenceColors,
  type PresenceColors,
  type Projects,
  registerProjectsHttp,
  registerProjectsSocket,
} from "#projects";
import type { SandboxWatch } from "./executor/sandbox-watch.ts";

/** How often small bodies move from the database into the blob store. */
const STAGING_EVERY_MS = 5000;

export type ApplicationParts = {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly bus: Bus;
  readonly audit: AuditTrail;
  readonly homes: Homes;
  readonly links: Links;
  readonly nodes: Nodes;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly identity: IdentityService;
  readonly projects: Projects;
  readonly files: Files;
  readonly documents: DocumentStorage;
  readonly documentCpu: DocumentCpu;
  /** Where archives are while they are imported, and how large one may be. */
  readonly imports: { readonly spool: Spool; readonly mostArchiveBytes: number };
  readonly sandboxes: Pick<SandboxWatch, "choice" | "reason" | "onProvider">;
  readonly executionSettings: ExecutionSettings;
  /** Builds language images; undefined: they are built by the operator only. */
  readonly images?: ImageBuilds | undefined;
  readonly secretKey: Uint8Array;
  /** Host names of this server. */
  readonly ownHosts: readonly string[];
  readonly languagesFolder: string;
  readonly imagesFolder: string;
  readonly onFatal: (error: unknown) => void;
};

export type Application = {
  readonly collaboration: Collaboration;
  readonly liveFiles: LiveFiles;
  readonly imports: ArchiveImports;
  readonly execution: ExecutionModule;
  readonly colors: PresenceColors;
  readonly rechecks: RightsRecheck;
  /** In the order of their start. */
  readonly components: readonly Component[];
};

export const createApplication = (parts: ApplicationParts): Application => {
  const { sql, projects, files, bus, clock, log, metrics } = parts;
  const { nodes } = parts;
  const colors = createPresenceColors({ homes: parts.homes, calls: nodes.calls, clock, log });
  const rechecks = createRightsRecheck({
    roleOf: (...given) => projects.roleOf(...given),
    endedSignIns: (ids) => parts.identity.endedSignIns(ids),
    bus,
    clock,
    log,
  });
  const collaboration = createCollaboration({
    storage: parts.documents,
    projects,
    files,
    homes: parts.homes,
    nodes,
    bus,
    rechecks,
    colors,
    audit: parts.audit,
    cpu: parts.documentCpu,
    metrics,
    clock,
    log,
  });
  const liveFiles = createLiveFiles({ projects, files, documents: collaboration.liveDocuments, log });
  const imports = createArchiveImports({ projects, files, liveFiles, ...parts.imports, log });
  const execution = createExecution({
    provider: parts.sandboxes.choice.provider,
    unavailableReason: () => parts.sandboxes.reason(),
    sql,
    projects,
    files: liveFiles,
    stored: files,
    homes: parts.homes,
    nodes,
    bus,
    rechecks,
    metrics,
    clock,
    log,
    settings: parts.executionSettings,
    images: parts.images,
    secretKey: parts.secretKey,
    ownHosts: parts.ownHosts,
    languagesFolder: parts.languagesFolder,
    imagesFolder: parts.imagesFolder,
  });
  parts.sandboxes.onProvider((provider) => void execution.adopt(provider));
  const { blobs, onFatal } = parts;
  const mover = createStagingMover({ sql, blobs, clock, log, everyMs: STAGING_EVERY_MS, onFatal });
  const components = [mover, rechecks, collaboration, execution];
  return { collaboration, liveFiles, imports, execution, colors, rechecks, components };
};

/** Binds every route and socket of the contracts. */
export const bindApplication = (
  edge: HttpServer,
  application: Application,
  parts: Pick<
    ApplicationParts,
    "identity" | "projects" | "files" | "homes" | "links" | "nodes" | "bus" | "audit" | "clock" | "log"
  > & {
    readonly https: boolean;
    readonly linkReads: LinkReads;
    readonly previews: Previews;
    /** A trusted proxy sets X-Forwarded-Host. */
    readonly proxied: boolean;
  },
): void => {
  const { collaboration, liveFiles, imports, execution, colors, rechecks } = application;
  const { projects, homes, nodes, bus, clock, log } = parts;
  registerIdentityHttp(edge, parts.identity, { https: parts.https });
  const audited = parts.linkReads.through(createProjectSocket(servingRelays(edge, parts), { clock }));
  registerProjectsHttp(audited, projects);
  registerFilesHttp(audited, parts.files);
  registerLiveFilesHttp(audited, liveFiles);
  registerImportHttp(audited, imports);
  registerProjectsSocket(audited, { projects, homes, nodes, bus, rechecks, colors, clock, log });
  registerCollaborationHttp(audited, { collaboration, projects });
  registerCollaborationSocket(audited, collaboration);
  registerExecutionHttp(audited, execution);
  registerExecutionSocket(audited, execution);
  registerPreviewsHttp(audited, parts.previews, parts);
};
