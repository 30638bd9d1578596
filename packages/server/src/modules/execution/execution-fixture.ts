/** The whole module above scripted sandboxes, for tests of its rules: real queue, pool, states, streams; time stands still until told. */
import type { Actor } from "#kernel/actor";
import { createManualClock, type Clock } from "#kernel/clock";
import type { Log, LogFields } from "#kernel/log";
import { createId } from "#kernel/ids";
import { Problem } from "#kernel/problem";
import type { BusMessages } from "#platform/bus";
import type { Homes, Whereabouts } from "#platform/homes";
import type { LiveFiles } from "#collaboration";
import type { ReadAllOptions, Replay, StoredFile } from "#files";
import { hasEnded, type Execution, type Role } from "@atelier/contracts";
import { join } from "node:path";
import { createAdmission } from "./admission.ts";
import { createTransferBudget } from "./transfer-budget.ts";
import { createEndRecorder } from "./end-recorder.ts";
import { createExecutionMetrics } from "./execution-metrics.ts";
import { createExecutionRegistry } from "./execution-registry.ts";
import { type ExecutionStore, type InsertOptions, StartedBefore } from "./execution-store.ts";
import { createFileCollector } from "./file-collector.ts";
import { createJobFiles } from "./job-files.ts";
import type { ImageBuilds } from "#platform/sandboxes/images";
import { createImagePreparation } from "./image-preparation.ts";
import { createLanguageCatalog } from "./language-catalog.ts";
import { createRunErrorSearch } from "./run-errors.ts";
import { createRunner, type Program, type Runner } from "./runner.ts";
import { createScriptedProvider } from "./scripted-provider.ts";
import type { ExecutionsElsewhere } from "./executions-elsewhere.ts";
import { createExecutionService, type ExecutionService } from "./service.ts";
import { createWaitingRuns } from "./waiting-runs.ts";
import { createWarmPool } from "./warm-pool.ts";

export const languagesFolder = join(import.meta.dirname, "../../../../../languages");

export const actorNamed = (name: string, plan: Actor["plan"] = "free"): Actor => ({
  userId: `00000000-0000-7000-8000-${Buffer.from(name).toString("hex").padStart(12, "0").slice(-12)}`,
  kind: "registered",
  name,
  plan,
  signInId: `sign-in of ${name}`,
});

/** A queued execution as a row has it. */
export const storedExecution = (change: Partial<Execution> = {}): Execution => ({
  id: createId(),
  projectId: null,
  userId: createId(),
  language: "python",
  runtime: { id: "python", version: "3.13.5" },
  entryPoint: "main.py",
  args: ['a "quoted"', "ü"],
  tty: false,
  limits: { wallMs: 1, cpuMs: 2, memoryBytes: 3, outputBytes: 4 },
  fileVersions: { "main.py": 3, __proto__x: 1 },
  status: "queued",
  exitCode: null,
  signal: null,
  stdout: "",
  stderr: "",
  truncated: false,
  stage: null,
  sandbox: null,
  limitsEnforcement: null,
  queuedAt: "2026-01-02T03:04:05.006Z",
  startedAt: null,
  endedAt: null,
  usage: { wallMs: 0, cpuMs: 0, memoryPeakBytes: 0, outputBytes: 0 },
  stages: [],
  errors: [],
  waitingSince: null,
  collected: [],
  hints: [],
  codeHash: "c0de",
  ...change,
});

/** Rows as a map; `failing` makes every write fail. */
export const createMemoryStore = (): ExecutionStore & {
  rows: Map<string, Execution>;
  failing: boolean;
  readonly webhookUrls: readonly string[];
} => {
  const store = {
    rows: new Map<string, Execution>(),
    failing: false,
    keys: new Map<string, { readonly requestHash: Buffer; readonly executionId: string }>(),
    webhookUrls: [] as string[],
    firstOf(userId: string, { key, requestHash }: Replay) {
      const first = store.keys.get(`${userId} ${key}`);
      if (first !== undefined && !first.requestHash.equals(requestHash)) {
        throw new Problem("projects/idempotency-mismatch");
      }
      return first?.executionId;
    },
    findReplay: async (userId: string, replay: Replay) => store.firstOf(userId, replay),
    async insert(execution: Execution, { replay, webhookUrl }: InsertOptions = {}) {
      if (store.failing) throw new Problem("server/unavailable");
      const first = replay && store.firstOf(execution.userId, replay);
      if (first !== undefined) throw new StartedBefore(first);
      if (replay !== undefined) {
        const { requestHash } = replay;
        store.keys.set(`${execution.userId} ${replay.key}`, { requestHash, executionId: execution.id });
      }
      if (webhookUrl !== undefined) store.webhookUrls.push(webhookUrl);
      store.rows.set(execution.id, execution);
    },
    async finish(execution: Execution) {
      if (store.failing) throw new Problem("server/unavailable");
      store.rows.set(execution.id, execution);
    },
    find: async (_userId: string, id: string) => store.rows.get(id),
    list: async (_userId: string, projectId: string) =>
      [...store.rows.values()].filter((row) => row.projectId === projectId),
    unfinished: async () => [...store.rows.values()].filter(({ status }) => !hasEnded(status)).map(({ id }) => id),
    async fail(ids: readonly string[]) {
      for (const id of ids) {
        const row = store.rows.get(id);
        if (row !== undefined) store.rows.set(id, { ...row, status: "system-error" });
      }
      return ids.length;
    },
  };
  return store;
};

/** Homes of this process; `elsewhere` says which names another node has. */
export const createTestHomes = (): Homes & { claimed: Set<string>; elsewhere: Map<string, Whereabouts> } => {
  const claimed = new Set<string>();
  const elsewhere = new Map<string, Whereabouts>();
  return {
    claimed,
    elsewhere,
    areShared: true,
    async claim(name) {
      claimed.add(name);
      return {
        name,
        fence: 1n,
        lost: new AbortController().signal,
        release: async () => void claimed.delete(name),
      };
    },
    nodes: async () => [],
    find: async (name) => elsewhere.get(name) ?? { at: claimed.has(name) ? "here" : "nobody" },
  };
};

export const PROJECT = "00000000-0000-7000-8000-00000000abcd";

export const storedFile = (path: string, text: string, version = 1): StoredFile => ({
  entry: {
    id: `the file ${path}`,
    parentId: null,
    path,
    kind: "file",
    size: text.length,
    hash: null,
    version,
    executable: false,
    updatedAt: "2026-01-01T00:00:00Z",
  },
  bytes: Buffer.from(text),
});

const sizeOf = (files: readonly StoredFile[]): number => files.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);

export type SceneOptions = {
  concurrency?: number;
  capacity?: number;
  maxWarm?: number;
  unavailable?: string;
  maxProgramBytes?: number;
  elsewhere?: ExecutionsElsewhere;
  clock?: Clock;
  cacheBytes?: number;
  /** While it returns true no image is there. */
  noImage?: () => boolean;
  builds?: Pick<ImageBuilds, "build">;
};

export const createScene = async (options: SceneOptions = {}) => {
  const manual = createManualClock();
  const clock = options.clock ?? manual;
  const lines: { event: string; fields: LogFields }[] = [];
  const write = (event: string, fields: LogFields = {}): void => void lines.push({ event, fields });
  const log: Log = { debug: write, info: write, warn: write, error: write, with: () => log };
  const provider = createScriptedProvider();
  const store = createMemoryStore();
  const homes = createTestHomes();
  const roles = new Map<string, Role>();
  const project: StoredFile[] = [storedFile("main.py", "print(1)", 3)];
  const events: BusMessages["project-event"][] = [];
  const listeners = new Map<string, Set<(message: never) => void>>();
  const bus = {
    publish: (topic: string, message: unknown) => {
      if (topic === "project-event") events.push(message as BusMessages["project-event"]);
      for (const listener of listeners.get(topic) ?? []) listener(message as never);
    },
    subscribe: (topic: string, listener: (message: never) => void) => {
      const own = listeners.get(topic) ?? new Set();
      listeners.set(topic, own.add(listener));
      return () => void own.delete(listener);
    },
  };
  const projects = {
    async requireRole(actor: Pick<Actor, "userId">, _projectId: string, atLeast: Role) {
      const role = roles.get(actor.userId);
      if (role === undefined) throw new Problem("projects/no-such-project");
      if (role === "viewer" && atLeast !== "viewer") throw new Problem("projects/role-too-low");
      return role;
    },
    roleOf: async (userId: string) => roles.get(userId),
    sizeOf: async () => sizeOf(project),
    async writeMerged(actor: Pick<Actor, "userId">, _projectId: string, file: Parameters<LiveFiles["writeMerged"]>[2]) {
      if (!["owner", "editor"].includes(roles.get(actor.userId) ?? "")) throw new Problem("projects/role-too-low");
      const refused = refusals.get(file.path);
      if (refused !== undefined) throw refused;
      kept.push(file);
      return { entry: { ...storedFile(file.path, "").entry, version: (file.basedOn ?? 0) + 1 } };
    },
    async readAll(actor: Actor, projectId: string, { maxBytes, choose }: ReadAllOptions) {
      await projects.requireRole(actor, projectId, "viewer");
      const chosen = choose?.(project.map(({ entry }) => entry));
      const read = chosen === undefined ? project : project.filter(({ entry }) => chosen.has(entry.id));
      if (sizeOf(read) > maxBytes) throw new Problem("projects/too-large");
      opened.bytes += sizeOf(read);
      return read;
    },
    async readPinned(_projectId: string, fileId: string, version: number): Promise<Uint8Array | undefined> {
      const found = project.find(({ entry }) => entry.id === fileId && entry.version === version);
      if (found !== undefined) opened.again.push(found.entry.path);
      return found?.bytes;
    },
  };
  const memory = { availableBytes: 1e12 };
  const kept: Parameters<LiveFiles["writeMerged"]>[2][] = [];
  /** Path to the reason why the file is refused. */
  const refusals = new Map<string, Error>();
  /** Bytes of contents that were read. */
  const opened = { bytes: 0, /** Paths of files that were read again for a sandbox. */ again: [] as string[] };
  const measured: string[] = [];
  const counter = (name: string) => ({ add: (labels = {}) => void measured.push(`${name} ${JSON.stringify(labels)}`) });
  const pool = createWarmPool({ provider, clock, log, maxWarm: options.maxWarm ?? 8, parallelBoots: 2 });
  const admission = createAdmission({ concurrency: options.concurrency ?? 4, capacity: options.capacity ?? 8 }, () =>
    clock.monotonic(),
  );
  const metrics = createExecutionMetrics(
    { counter, histogram: (name) => ({ observe: () => void measured.push(name) }), gauge: () => undefined },
    { waiting: () => admission.waiting, running: () => admission.running, warm: () => pool.size },
  );
  const registry = createExecutionRegistry(clock);
  const stopping = new AbortController();
  const recorder = createEndRecorder({ store, registry, clock, log, stopping: stopping.signal });
  const catalog = createLanguageCatalog({
    languagesFolder,
    images: {
      find: async () =>
        options.noImage?.() === true ? undefined : { layers: ["/image"], versions: { python3: "3.13.5-1" }, bytes: 9 },
      markUsed: async () => undefined,
    },
    onGone: () => undefined,
    progressOf: () => undefined,
    clock,
    log,
    onReady: ({ kind }) => (options.maxWarm === 0 ? undefined : pool.keep(kind)),
  });
  await catalog.load();
  await catalog.watch();
  const contents = createJobFiles(projects, options.cacheBytes);
  const programs: Program[] = [];
  const recorded =
    (runner: Runner): Runner =>
    (live, program) => {
      programs.push(program);
      return runner(live, program);
    };
  const engine =
    options.unavailable === undefined
      ? {
          runner: recorded(
            createRunner({
              pool,
              clock,
              log,
              metrics,
              files: contents,
              transferBudget: createTransferBudget(),
              keepFiles: createFileCollector({ files: projects, clock, log }),
              findErrors: createRunErrorSearch({ finder: () => catalog.errorFinder(), clock }),
              moved: (live) => service.announce(live),
            }),
          ),
        }
      : { unavailableReason: options.unavailable };
  const webhooks = {
    refused: undefined as Problem | undefined,
    woken: 0,
    async check() {
      if (webhooks.refused !== undefined) throw webhooks.refused;
    },
    wake: () => void (webhooks.woken += 1),
  };
  const service: ExecutionService = createExecutionService({
    projects,
    files: projects,
    contents,
    bus,
    clock,
    log,
    metrics,
    admission,
    registry,
    store,
    homes,
    elsewhere: options.elsewhere ?? {
      find: () => Promise.reject(new Error("no other node is asked")),
      stop: () => Promise.reject(new Error("no other node is asked")),
      states: () => Promise.reject(new Error("no other node is asked")),
    },
    recorder,
    languages: catalog,
    preparation: createImagePreparation({
      builds: options.builds,
      languages: catalog,
      bus,
      log,
      moved: (live) => service.announce(live),
    }),
    engine: () => engine,
    webhooks,
    waitingRuns: createWaitingRuns({ clock, availableBytes: () => memory.availableBytes }),
    maxProgramBytes: options.maxProgramBytes ?? 1_048_576,
    arrived: () => undefined,
  });
  await settle();
  return {
    service,
    provider,
    store,
    homes,
    roles,
    project,
    projects,
    opened,
    contents,
    programs,
    kept,
    memory,
    refusals,
    events,
    bus,
    lines,
    measured,
    pool,
    webhooks,
    admission,
    registry,
    catalog,
    clock,
    manual,
    log,
  };
};

export type Scene = Awaited<ReturnType<typeof createScene>>;

/** Runs everything that waits only for other code. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** A request that runs one small file. */
export const helloRequest = {
  language: "python",
  entryPoint: "main.py",
  files: [{ path: "main.py", content: "print(1)" }],
};
