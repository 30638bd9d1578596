/** The composition root: configuration -> adapters -> modules -> roles -> listening, and an orderly stop. */
import { join } from "node:path";
import { systemClock } from "#kernel/clock";
import { Lifecycle, releasing } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import { createAuditTrail } from "#platform/audit";
import { createVault, loadSecretKey } from "#platform/blobs";
import type { Bus } from "#platform/bus";
import type { Homes } from "#platform/homes";
import { createHousekeeping } from "#platform/housekeeping";
import { createLinkBudget, createNodeLinks, createNodes, linkKey, type Links, noLinks } from "#platform/links";
import { rateLimitPoints } from "#platform/rate-limits";
import type { Sql } from "#platform/sql";
import {
  createCollaborationHousekeeping,
  createDocumentCpu,
  createDocumentStorage,
  createSnapshots,
} from "#collaboration";
import { createAccountQuota, createFiles, createFilesHousekeeping } from "#files";
import { createIdentity, createIdentityHousekeeping } from "#identity";
import { createPreviewAddresses, createPreviewNames, createPreviews } from "#previews";
import { createLinkReads, createLinkTokens, createMemberExpiry, createProjects } from "#projects";
import { choosesLogLevel, type Configuration, ConfigurationFaults, readConfiguration } from "./config.ts";
import { openFolderSpool } from "./modules/collaboration/import/adapters/folder-spool.ts";
import { createPostgresDocumentLog } from "./modules/collaboration/log/adapters/postgres-document-log.ts";
import { createPostgresLogRetention } from "./modules/collaboration/log/adapters/postgres-log-retention.ts";
import { createBubblewrapProvider } from "./platform/sandboxes/adapters/bubblewrap.ts";
import { createGvisorProvider } from "./platform/sandboxes/adapters/gvisor.ts";
import { raiseServerPriority } from "./platform/sandboxes/adapters/server-priority.ts";
import { createBuildCommand } from "./platform/sandboxes/images/build-command.ts";
import { createImageBuilds } from "./platform/sandboxes/images/image-builds.ts";
import { createImageStore } from "./platform/sandboxes/images/image-store.ts";
import { buildInit, isInitBuilt } from "./platform/sandboxes/machine/build-init.ts";
import { probeProvider } from "./platform/sandboxes/probe.ts";
import { createArgon2Passwords } from "./modules/identity/adapters/argon2-passwords.ts";
import { createCommonPasswordRules } from "./modules/identity/adapters/common-passwords.ts";
import { createLanguageFolderTemplates } from "./modules/files/adapters/language-folder-templates.ts";
import { openFolderBlobStore } from "./platform/blobs/adapters/folder-blob-store.ts";
import { createInProcessBus } from "./platform/bus/adapters/in-process-bus.ts";
import { createLinkedBus } from "./platform/bus/adapters/linked-bus.ts";
import { dialNode, listenForNodes } from "./platform/channels/adapters/node-link.ts";
import { createWsChannel } from "./platform/channels/adapters/ws-channel.ts";
import { createFastifyServer } from "./platform/http/adapters/fastify-server.ts";
import { createInProcessHomes } from "./platform/homes/adapters/in-process-homes.ts";
import { createPostgresHomes } from "./platform/homes/adapters/postgres-homes.ts";
import { createSequenceFences } from "./platform/homes/adapters/sequence-fences.ts";
import { createPinoLog } from "./platform/log/adapters/pino-log.ts";
import { createPrometheusMetrics } from "./platform/metrics/adapters/prometheus-metrics.ts";
import { createMemoryRateLimits } from "./platform/rate-limits/adapters/memory-rate-limits.ts";
import { createEmbeddedPostgres } from "./platform/sql/adapters/embedded-postgres.ts";
import { createPgSql } from "./platform/sql/adapters/pg-sql.ts";
import { createServerLock } from "./platform/sql/adapters/server-lock.ts";
import { migrate } from "./platform/sql/migrate.ts";
import { createAccountUsage } from "./roles/account-usage.ts";
import { bindApplication, createApplication } from "./roles/application.ts";
import { openDataFolder } from "./roles/data-folder.ts";
import { edgeOptions } from "./roles/edge-options.ts";
import { findCandidates } from "./roles/executor/candidates.ts";
import { chooseSandbox, type SandboxChoice } from "./roles/executor/sandbox-choice.ts";
import { createSandboxWatch } from "./roles/executor/sandbox-watch.ts";
import { readSetupState } from "./roles/executor/setup-state.ts";
import { openGateway } from "./roles/gateway-role.ts";
import { closingOf, describeIsolation, drainingOf, listen, probePort, refuseWeakSandbox } from "./roles/listener.ts";
import { findBubblewrap, findFolders, findRunsc, type Folders } from "./roles/folders.ts";
import { installShutdown } from "./roles/shutdown.ts";
import { describeStartFault } from "./roles/start-fault.ts";

/** Deadline for stopping all components; PostgreSQL's own deadline is below it. */
const STOP_DEADLINE_MS = 25_000;

const openDatabase = async (
  settings: Configuration,
  folders: Folders,
  { log, lifecycle, onFatal, beforeForcedEnd }: Tools,
) => {
  const url = settings.DATABASE_URL;
  if (url !== undefined) {
    await lifecycle.start(createServerLock({ url, log, isShared: settings.HOMES === "postgres", onLost: onFatal }));
    await migrate({ url, log });
    return createPgSql({ url, log });
  }
  const postgres = createEmbeddedPostgres({
    dataDir: folders.dataDir,
    log,
    runtimeFolders: settings.XDG_RUNTIME_DIR === undefined ? [] : [settings.XDG_RUNTIME_DIR],
  });
  beforeForcedEnd(() => postgres.endNow());
  await lifecycle.start(postgres);
  await migrate({ url: postgres.adminUrl, serverRole: postgres.serverRole, log });
  return createPgSql({ url: postgres.url, log, hasSpace: () => postgres.hasSpace() });
};

/** The adapters that several servers share, or the in-process ones of a single server. */
type Cluster = { readonly homes: Homes; readonly links: Links; readonly bus: Bus };

const openCluster = async (
  settings: Configuration,
  { sql, secretKey }: { readonly sql: Sql; readonly secretKey: Uint8Array },
  { clock, log, lifecycle }: Tools,
): Promise<Cluster> => {
  const local = createInProcessBus(log);
  if (settings.HOMES === "process")
    return {
      homes: createInProcessHomes({ fences: createSequenceFences(sql), clock }),
      links: noLinks,
      bus: local,
    };
  const link = { key: linkKey(secretKey), clock, log, reserve: createLinkBudget() };
  const links = createNodeLinks({ dial: (address) => dialNode(address, link), clock, log });
  const listener = await listenForNodes({
    ...link,
    host: settings.LINK_HOST,
    port: settings.LINK_PORT,
    accept: (carrier) => links.accept(carrier),
  });
  await lifecycle.start(releasing("links to other servers", listener));
  const address = settings.LINK_ADDRESS ?? listener.address;
  const homes = createPostgresHomes({ sql, clock, log, address });
  await lifecycle.start(homes);
  const bus = createLinkedBus({ local, links, homes, address, clock, log });
  await lifecycle.start(bus);
  return { homes, links, bus };
};

const findBaseImage = (folders: Folders) =>
  createImageStore({ recipes: join(folders.root, "languages/images"), images: folders.imagesDir }).find("base");

const initFolders = (folders: Folders) => ({
  cacheFolder: join(folders.cacheDir, "sandbox-init"),
  sourceFolder: join(folders.root, "packages/sandbox-init"),
});

const openSandbox = async (
  settings: Configuration,
  folders: Folders,
  { log, strongerThan }: { log: Log; strongerThan: SandboxChoice["tier"] },
): Promise<SandboxChoice> => {
  raiseServerPriority();
  const languages = join(folders.root, "languages");
  const image = await findBaseImage(folders);
  const common = async (tier: string) => ({
    initPath: await buildInit({ imageRoot: image?.layers[0], ...initFolders(folders) }),
    warmUpFolder: languages,
    stateFolder: join(folders.dataDir, "sandboxes", tier),
    log,
  });
  const candidates = await findCandidates({
    folders,
    wanted: settings.SANDBOX,
    openGvisor: async (runsc) => createGvisorProvider({ runsc, ...(await common("gvisor")) }),
    openNamespaces: async (bwrap) => createBubblewrapProvider({ bwrap, ...(await common("namespaces")) }),
  });
  const known = candidates.findIndex(({ tier }) => tier === strongerThan);
  return chooseSandbox(known === -1 ? candidates : candidates.slice(0, known), {
    probe: (provider) => probeProvider(provider, join(folders.dataDir, "sandboxes", "probe-image")),
    log,
  });
};

/** The files that the tier probes depend on: init, or the image in which it is compiled, and the tools. */
const sandboxInventory = async (folders: Folders): Promise<string> => {
  const hasInit = isInitBuilt(initFolders(folders)) || (await findBaseImage(folders)) !== undefined;
  return JSON.stringify([hasInit, await findRunsc(folders.toolsDir), findBubblewrap()]);
};

const openServer = async (settings: Configuration, folders: Folders, tools: Tools): Promise<void> => {
  const { log, clock, metrics, lifecycle, tell } = tools;
  await lifecycle.start(openDataFolder(folders.dataDir));
  const secretKey = await loadSecretKey({ secretKey: settings.SECRET_KEY, dataDir: folders.dataDir });
  tell("Starting the database, looking for sandboxes …");
  const sandboxes = createSandboxWatch({
    choose: (strongerThan) => openSandbox(settings, folders, { log, strongerThan }),
    inventory: () => sandboxInventory(folders),
    readSetup: () => readSetupState(settings.ATELIER_SETUP_STATE),
    permit: (choice) => refuseWeakSandbox(settings, choice),
    clock,
    log,
    announce: (choice) => describeIsolation(choice).forEach(tell),
  });
  await lifecycle.start(sandboxes);
  const sql = await openDatabase(settings, folders, tools);
  await lifecycle.start(releasing("database pool", sql));

  const { homes, links, bus } = await openCluster(settings, { sql, secretKey }, tools);
  const vault = createVault(secretKey);
  const blobs = await openFolderBlobStore(settings.BLOBS_DIR ?? join(folders.dataDir, "blobs"));
  const audit = createAuditTrail({ sql, clock, log, metrics });
  await lifecycle.start(audit);
  const passwords = createArgon2Passwords();
  const nodes = createNodes({ links, clock, log });
  const documentCpu = createDocumentCpu({ clock, homes, calls: nodes.calls });
  const usage = createAccountUsage({ sql, documentCpu, projectBytes: settings.PROJECT_MAX_MIB * 1_048_576 });
  const identity = createIdentity({
    sql,
    bus,
    clock,
    log,
    passwords,
    usage,
    secretKey,
    guests: settings.GUESTS,
    registration: settings.REGISTRATION,
    passwordRules: createCommonPasswordRules(),
  });
  await lifecycle.start(identity);

  await sandboxes.first();
  const languagesFolder = join(folders.root, "languages");
  const projects = createProjects({
    sql,
    linkTokens: createLinkTokens(secretKey),
    bus,
    clock,
    publicUrl: `${settings.PUBLIC_URL ?? `http://localhost:${settings.PORT}`}${settings.BASE_PATH}`,
    mostProjects: settings.ACCOUNT_MAX_PROJECTS,
  });
  const files = createFiles({
    sql,
    vault,
    blobs,
    projects,
    templates: createLanguageFolderTemplates(languagesFolder),
    limits: { mostBytes: settings.PROJECT_MAX_MIB * 1_048_576, mostNodes: settings.PROJECT_MAX_FILES },
    quota: createAccountQuota({ sql, clock, mostBytes: settings.ACCOUNT_MAX_MIB * 1_048_576 }),
    bus,
  });
  const snapshots = createSnapshots({
    sql,
    vault,
    blobs,
    onDamaged: ({ projectId, fileId }, sequence) =>
      log.error("collaboration.snapshot-corrupt", { projectId, fileId, sequence }),
  });
  const shared = { sql, blobs, bus, homes, links, nodes, audit, clock, log, metrics, identity, sandboxes };
  const images = createImageBuilds({
    start: createBuildCommand({
      command: [process.execPath, join(folders.root, "scripts/atelier.mjs"), "images"],
      env: { ...process.env, IMAGES_DIR: folders.imagesDir },
    }),
    log: log.with({ module: "images" }),
  });
  await lifecycle.start(releasing("builds of images", images));
  const application = createApplication({
    ...shared,
    images,
    languagesFolder,
    projects,
    files,
    documents: createDocumentStorage({ sql, log: createPostgresDocumentLog(sql), snapshots }),
    documentCpu,
    imports: {
      spool: await openFolderSpool(join(folders.dataDir, "imports")),
      mostArchiveBytes: settings.IMPORT_MAX_MIB * 1_048_576,
    },
    executionSettings: settings,
    secretKey,
    ownHosts: settings.PUBLIC_URL === undefined ? [] : [new URL(settings.PUBLIC_URL).hostname],
    imagesFolder: folders.imagesDir,
    onFatal: tools.onFatal,
  });

  const edge = await edgeOptions(settings);
  const { https } = edge;
  const rateLimits = createMemoryRateLimits(rateLimitPoints(settings, edge));
  const guards = { audit, bus, metrics, log, clock, rateLimits, authenticator: identity, onFatal: tools.onFatal };
  const server = createFastifyServer({ ...edge, ...guards, channelOf: createWsChannel });
  // Components stop in reverse order: drain, end executions, close documents, close the listener, then the others.
  await lifecycle.start(closingOf(server));
  for (const component of application.components) await lifecycle.start(component);
  const linkReads = createLinkReads({ projects, audit, clock, log });
  const addresses = createPreviewAddresses(settings, { https, port: () => settings.PORT });
  const names = createPreviewNames(secretKey, () => clock.now());
  const previews = createPreviews({
    projects,
    files: application.liveFiles,
    identity,
    names,
    addresses,
    rateLimits,
    https,
  });
  const { proxied } = edge.origin;
  bindApplication(server, application, { ...shared, projects, files, linkReads, https, previews, proxied });
  server.separate(addresses.isSeparate, previews.atOwnOrigins);
  const { PREVIEW_PORT } = settings;
  if (PREVIEW_PORT !== undefined)
    await server.listenSeparately({ host: settings.HOST, port: PREVIEW_PORT }, previews.atSharedPort);
  await lifecycle.start(createMemberExpiry({ sql, bus, clock, log }));
  await lifecycle.start(
    createHousekeeping({
      tasks: [
        ...createIdentityHousekeeping(sql),
        ...createFilesHousekeeping({ sql, blobs }),
        ...createCollaborationHousekeeping({ retention: createPostgresLogRetention(sql), snapshots }),
      ],
      ...shared,
    }),
  );
  const hasPage = await openGateway(server, {
    ...shared,
    settings,
    folders,
    https,
    projects,
    files,
    application,
    frameSources: addresses.frameSources,
    linkReads,
    lifecycle,
  });
  await lifecycle.start(drainingOf(server));
  await listen(server, { settings, https, hasPage, sandboxes, identity, dataDir: folders.dataDir, log, tell });
};

type Tools = {
  readonly log: ReturnType<typeof createPinoLog>;
  readonly clock: typeof systemClock;
  readonly metrics: ReturnType<typeof createPrometheusMetrics>;
  readonly lifecycle: Lifecycle;
  readonly tell: (line: string) => void;
  readonly onFatal: (error: unknown) => void;
  readonly beforeForcedEnd: (act: () => void) => void;
};

const main = async (settings: Configuration): Promise<void> => {
  const folders = findFolders(settings);
  const forPeople = process.stdout.isTTY || settings.ATELIER_PROGRESS;
  const log = createPinoLog({ level: forPeople && !choosesLogLevel() ? "warn" : settings.LOG_LEVEL });
  const lifecycle = new Lifecycle({
    stopDeadlineMs: STOP_DEADLINE_MS,
    onFault: (component, error) => log.error("server.stop-fault", { component, error }),
  });
  const tell = (line: string): void => void (forPeople && process.stdout.write(`${line}\n`));
  // Ignores errors of a closed terminal, so that the documents are written all the same.
  process.stdout.on("error", () => undefined);
  const { onFatal, beforeForcedEnd } = installShutdown({ log, stop: () => lifecycle.stop(), tell });
  try {
    await probePort({ host: settings.HOST, port: settings.PORT });
    await openServer(settings, folders, {
      log,
      clock: systemClock,
      metrics: createPrometheusMetrics(),
      lifecycle,
      tell,
      onFatal,
      beforeForcedEnd,
    });
  } catch (error) {
    // A signal arrived during the start: its handler waits for the components and ends the process.
    if (lifecycle.signal.aborted) return;
    log.error("server.start-failed", { error });
    const where = { host: settings.HOST, port: settings.PORT, dataDir: folders.dataDir };
    process.stderr.write(`${describeStartFault(error, where)}\n`);
    await lifecycle.stop();
    log.flush();
    process.exit(1);
  }
};

try {
  await main(readConfiguration());
} catch (error) {
  if (!(error instanceof ConfigurationFaults)) throw error;
  for (const fault of error.faults) process.stderr.write(`${fault}\n`);
  process.exit(1);
}
