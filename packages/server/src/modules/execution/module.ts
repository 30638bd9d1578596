/** Puts the execution module together: languages, pool, queue, service, stream. */
import type { Clock } from "#kernel/clock";
import type { Component } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { Bus } from "#platform/bus";
import { createAccessWatch, type RightsRecheck } from "#platform/channels";
import type { Homes } from "#platform/homes";
import type { SocketCall } from "#platform/http";
import type { Nodes } from "#platform/links";
import type { Metrics } from "#platform/metrics";
import type { SandboxProvider } from "#platform/sandboxes";
import { createImageStore, type ImageBuilds, type ImageStore } from "#platform/sandboxes/images";
import type { Sql } from "#platform/sql";
import type { LiveFiles } from "#collaboration";
import type { Files } from "#files";
import type { Projects } from "#projects";
import type { Language } from "@atelier/contracts";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { createAdmission } from "./admission.ts";
import type { ExecutionSettings } from "./config.ts";
import { createTransferBudget } from "./transfer-budget.ts";
import { createBackgroundImages } from "./background-images.ts";
import { createDemandHistory, type DemandHistory } from "./demand-history.ts";
import { createEndRecorder } from "./end-recorder.ts";
import { createEngines } from "./engines.ts";
import { createExecutionMetrics } from "./execution-metrics.ts";
import { createExecutionRegistry } from "./execution-registry.ts";
import { createExecutionStore } from "./execution-store.ts";
import { answerForExecutions, createExecutionsElsewhere } from "./executions-elsewhere.ts";
import { createFileCollector } from "./file-collector.ts";
import { createJobFiles } from "./job-files.ts";
import { createImagePreparation } from "./image-preparation.ts";
import { createLanguageCatalog, type LanguageCatalog, type MissingImage } from "./language-catalog.ts";
import { createLeftBehind } from "./left-behind.ts";
import type { LiveExecution } from "./live-execution.ts";
import { createOutputRetention } from "./output-retention.ts";
import { createRunProvider } from "./run/run-provider.ts";
import { createRunErrorSearch } from "./run-errors.ts";
import { createRunner } from "./runner.ts";
import { createExecutionService, type ExecutionService } from "./service.ts";
import { openStream } from "./stream.ts";
import { availableMemoryBytes } from "./available-memory.ts";
import { createWebhookStore } from "./webhooks/webhook-store.ts";
import { createWebhookTargets } from "./webhooks/webhook-target.ts";
import { createWebhooks, type Webhooks } from "./webhooks/webhooks.ts";
import { createWaitingRuns } from "./waiting-runs.ts";
import { createWarmPool, type SandboxKind } from "./warm-pool.ts";

export type ExecutionOptions = {
  /**
   * Chosen by a probe. Undefined: programs can't run until `adopt` is called; everything else works. The owner disposes it after this
   * module.
   */
  readonly provider: SandboxProvider | undefined;
  /** Why there is no provider: a sentence for users, without facts of the host. */
  readonly unavailableReason?: (() => string) | undefined;
  readonly sql: Sql;
  readonly projects: Pick<Projects, "requireRole" | "roleOf">;
  readonly files: Pick<LiveFiles, "readAll" | "sizeOf" | "writeMerged">;
  /** Versions at rest: what a run reads when its sandbox is there. */
  readonly stored: Pick<Files, "readPinned">;
  readonly homes: Homes;
  readonly nodes: Nodes;
  readonly bus: Bus;
  readonly rechecks: Pick<RightsRecheck, "watch">;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ExecutionSettings;
  /** Signs webhooks. */
  readonly secretKey: Uint8Array;
  /** Host names of this server, which no webhook goes to. */
  readonly ownHosts: readonly string[];
  /** `<id>/language.json`, and the recipes in `images/<name>.json`. */
  readonly languagesFolder: string;
  /** The cache of built images. */
  readonly imagesFolder: string;
  /** Builds those that are missing; undefined: programs of a language without an image are refused. */
  readonly images?: ImageBuilds | undefined;
};

export interface ExecutionModule extends Component {
  readonly service: ExecutionService;
  readonly webhooks: Omit<Webhooks, "deliveries">;
  readonly log: Log;
  languages(): Language[];
  openStream(call: SocketCall): void;
  /** Programs that start from now on run in it; running programs keep their provider. The owner disposes both after this module. */
  adopt(provider: SandboxProvider): Promise<void>;
  /** Whether there is a provider. */
  readonly isAvailable: boolean;
  /** For readiness: whether programs run, and why not. */
  readiness(): { readonly ok: boolean; readonly detail: string };
}

/** The other images are layers over it, and are there later, or never. */
const BASE_IMAGE = "base";

/** The images to build ahead of their first use, the most wanted first. */
const wantedAhead = async (
  policy: ExecutionSettings["IMAGES"],
  {
    catalog,
    images,
    history,
  }: {
    readonly catalog: Pick<LanguageCatalog, "missingImages">;
    readonly images: Pick<ImageStore, "isOptional">;
    readonly history: Pick<DemandHistory, "expectedPerHour">;
  },
): Promise<readonly string[]> => {
  if (policy === "on-demand") return [];
  const missing = catalog.missingImages();
  if (policy !== "background") return policy.filter((id) => missing.some(({ image }) => image === id));
  const demand = ({ languages }: MissingImage): number =>
    languages.reduce((sum, language) => sum + history.expectedPerHour(language), 0);
  const optional = await Promise.all(missing.map(({ image }) => images.isOptional(image)));
  return missing
    .filter((_, index) => optional[index] !== true)
    .toSorted((a, b) => demand(b) - demand(a))
    .map(({ image }) => image);
};

/** Executions over a sandbox provider. Without one, only running is refused (503 execution/unavailable). */
export const createExecution = (options: ExecutionOptions): ExecutionModule => {
  const { sql, projects, homes, bus, clock, settings } = options;
  const log = options.log.with({ module: "execution" });
  const unavailableReason =
    options.unavailableReason ?? (() => "Running is paused on this server; editing and saving work.");
  const stopping = new AbortController();
  const now = (): number => clock.monotonic();

  const history = createDemandHistory({ sql, clock, log });
  const languagesOf = new Map<string, string[]>();
  const kinds = new Map<string, SandboxKind>();
  const expectedPerHour = ({ key }: SandboxKind): number =>
    (languagesOf.get(key) ?? []).reduce((sum, language) => sum + history.expectedPerHour(language), 0);
  const admission = createAdmission(
    { concurrency: settings.EXECUTION_CONCURRENCY, capacity: settings.EXECUTION_QUEUE },
    now,
  );
  const metrics = createExecutionMetrics(options.metrics, {
    waiting: () => admission.waiting,
    running: () => admission.running,
    warm: () => engines.current?.pool.size ?? 0,
  });
  const contents = createJobFiles(options.stored);
  const transferBudget = createTransferBudget();
  const findErrors = createRunErrorSearch({ finder: () => catalog.errorFinder(), clock });
  const keepFiles = createFileCollector({ files: options.files, clock, log });
  const moved = (live: LiveExecution): void => service.announce(live);
  const engines = createEngines((provider) => {
    const pool = createWarmPool({
      provider,
      clock,
      log,
      maxWarm: settings.EXECUTION_WARM_MAX,
      parallelBoots: availableParallelism(),
      expectedPerHour,
    });
    return {
      pool,
      runner: createRunner({
        pool,
        clock,
        log,
        metrics,
        files: contents,
        transferBudget,
        keepFiles,
        findErrors,
        moved,
      }),
    };
  });
  const imageStore = createImageStore({
    recipes: join(options.languagesFolder, "images"),
    images: options.imagesFolder,
  });
  const catalog = createLanguageCatalog({
    languagesFolder: options.languagesFolder,
    images: imageStore,
    clock,
    log,
    progressOf: (image) => options.images?.progressOf(image),
    onGone: (kind) => engines.drop(kind),
    onReady({ kind, declaration }, replaced) {
      if (replaced !== undefined) engines.drop(replaced);
      languagesOf.set(kind.key, [...(languagesOf.get(kind.key) ?? []), declaration.id]);
      kinds.set(declaration.id, kind);
      // Of the others, sandboxes wait once programs of them have been run.
      if (declaration.image === BASE_IMAGE || history.expectedPerHour(declaration.id) > 0) engines.keep(kind);
    },
  });
  const backgroundImages =
    options.images &&
    createBackgroundImages({
      builds: options.images,
      wanted: () => wantedAhead(settings.IMAGES, { catalog, images: imageStore, history }),
      onBuilt: () => catalog.look(),
      clock,
      log,
    });
  const registry = createExecutionRegistry(clock);
  const store = createExecutionStore(sql);
  const recorder = createEndRecorder({ store, registry, clock, log, stopping: stopping.signal });
  const webhooks = createWebhooks({
    store: createWebhookStore(sql),
    targets: createWebhookTargets({ allowedHosts: settings.WEBHOOK_ALLOWED_HOSTS, ownHosts: options.ownHosts }),
    async findExecution(userId, id) {
      const execution = await store.find(userId, id);
      const projectId = execution?.projectId ?? null;
      // Whoever lost the right to see the project's runs is told nothing more of them.
      if (projectId !== null && (await projects.roleOf(userId, projectId)) === undefined) return undefined;
      return execution;
    },
    secretKey: options.secretKey,
    clock,
    log,
    metrics: options.metrics,
  });
  const service: ExecutionService = createExecutionService({
    projects,
    files: options.files,
    bus,
    clock,
    log,
    metrics,
    admission,
    registry,
    store,
    homes,
    elsewhere: createExecutionsElsewhere(options.nodes.calls),
    recorder,
    languages: catalog,
    contents,
    preparation: createImagePreparation({ builds: options.images, languages: catalog, bus, log, moved }),
    engine: () =>
      engines.current === undefined ? { unavailableReason: unavailableReason() } : { runner: engines.run },
    webhooks,
    waitingRuns: createWaitingRuns({ clock, availableBytes: availableMemoryBytes }),
    maxProgramBytes: settings.EXECUTION_PROGRAM_MIB * 1_048_576,
    arrived(language) {
      history.arrived(language);
      const kind = kinds.get(language);
      if (kind !== undefined) engines.keep(kind);
    },
  });

  answerForExecutions(options.nodes.calls, registry);
  const watch = createAccessWatch({ bus, rechecks: options.rechecks, log });
  const retention = createOutputRetention({ sql, clock, log });
  const leftBehind = createLeftBehind({ store, homes, clock, log });

  const removeOrphans = async (provider: Pick<SandboxProvider, "removeOrphans">): Promise<void> => {
    try {
      await provider.removeOrphans();
    } catch (error) {
      log.error("sandbox.orphans-remain", { error });
    }
  };
  /** Languages become ready only after the leftovers of an earlier process are removed. */
  const openLanguages = async (): Promise<void> => {
    if (engines.current !== undefined) await removeOrphans(engines.current.provider);
    await catalog.watch();
  };
  let machines = options.provider;
  if (machines !== undefined) engines.use(createRunProvider(machines));

  return {
    name: "execution",
    service,
    webhooks,
    log,
    languages: () => catalog.list(engines.current !== undefined),
    get isAvailable() {
      return engines.current !== undefined;
    },
    async adopt(provider) {
      if (machines === provider) return;
      await removeOrphans(provider);
      if (stopping.signal.aborted) return;
      machines = provider;
      engines.use(createRunProvider(provider));
    },
    openStream: (call) => void openStream(call, { service, watch, relay: options.nodes.relay, clock, log }),
    readiness() {
      if (engines.current === undefined) return { ok: false, detail: unavailableReason() };
      const missing = catalog.list(true).filter(({ ready, image }) => !ready && image.id === BASE_IMAGE);
      if (missing.length === 0) return { ok: true, detail: `tier ${engines.current.provider.tier}` };
      return { ok: false, detail: `being set up: ${missing.map(({ id }) => id).join(", ")}` };
    },
    async start(signal) {
      await catalog.load();
      await history.start(signal);
      await retention.start(signal);
      await leftBehind.start();
      await webhooks.deliveries.start?.(signal);
      void openLanguages();
      backgroundImages?.start();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      backgroundImages?.stop();
      catalog.stop();
      await leftBehind.stop();
      await retention[Symbol.asyncDispose]();
      await history[Symbol.asyncDispose]();
      await service.close();
      await webhooks.deliveries[Symbol.asyncDispose]();
      await engines[Symbol.asyncDispose]();
      watch.stop();
    },
  };
};
