/** For tests: the whole module on real sandboxes of one tier, images and PostgreSQL. */
import type { Actor } from "#kernel/actor";
import { systemClock } from "#kernel/clock";
import { type Log, silentLog } from "#kernel/log";
import { Problem } from "#kernel/problem";
import { createNodes, noLinks } from "#platform/links";
import type { SandboxProvider } from "#platform/sandboxes";
import { createImageStore } from "#platform/sandboxes/images";
import type { StartExecution } from "@atelier/contracts";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { createInProcessBus } from "../../platform/bus/adapters/in-process-bus.ts";
import { createPrometheusMetrics } from "../../platform/metrics/adapters/prometheus-metrics.ts";
import { createBubblewrapProvider } from "../../platform/sandboxes/adapters/bubblewrap.ts";
import { createGvisorProvider } from "../../platform/sandboxes/adapters/gvisor.ts";
import { providerParts } from "../../platform/sandboxes/contract/provider-parts.ts";
import { openTestDatabase, type TestDatabase } from "../../platform/sql/test-database.ts";
import { actorNamed, createTestHomes, languagesFolder } from "./execution-fixture.ts";
import { createExecution, type ExecutionModule } from "./index.ts";
import type { TrialRun } from "./languages/language-trial.ts";
import { loadLanguages } from "./languages/load-languages.ts";

export type TestedTier = "gvisor" | "namespaces";

export type OpenTier = {
  readonly execution: ExecutionModule;
  readonly database: TestDatabase;
  /** What was wrong with sandboxes: the execution itself says no more than "system-error". */
  readonly complaints: string[];
  readonly run: (request: StartExecution, actor?: Actor) => Promise<TrialRun>;
  [Symbol.asyncDispose](): Promise<void>;
};

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const runsc = join(process.env["ATELIER_TEST_TOOLS"] ?? "", "runsc");
const imagesFolder = dirname(dirname(imageRoot));

export const testImages = createImageStore({ recipes: join(languagesFolder, "images"), images: imagesFolder });

export const isTierThere = (tier: TestedTier): boolean =>
  existsSync(join(imageRoot, "..", "image.json")) && (tier === "namespaces" || existsSync(runsc));

/** Ids of the languages whose images are built. */
export const builtLanguages = async (): Promise<string[]> => {
  const languages = await loadLanguages(languagesFolder);
  const found = await Promise.all(
    languages.map(async ({ id, image }) => ((await testImages.find(image)) === undefined ? [] : [id])),
  );
  return found.flat();
};

const openProvider = async (tier: TestedTier, stateFolder: string, log: Log): Promise<SandboxProvider> => {
  const common = { ...(await providerParts({ imageRoot, stateFolder })), log };
  return tier === "gvisor"
    ? createGvisorProvider({ runsc, ...common })
    : createBubblewrapProvider({ bwrap: "bwrap", ...common });
};

const refuse = async (): Promise<never> => {
  throw new Problem("projects/no-such-project");
};

/** Resolves when every language whose image is built can run. */
export const openTier = async (tier: TestedTier): Promise<OpenTier> => {
  const complaints: string[] = [];
  const complain = (event: string, fields?: object): void => void complaints.push(`${event} ${inspect(fields)}`);
  const log: Log = { ...silentLog, warn: complain, error: complain, with: () => log };
  const stateFolder = mkdtempSync(join(tmpdir(), "atelier-tiers-"));
  const provider = await openProvider(tier, stateFolder, log);
  const database = await openTestDatabase();
  const execution = createExecution({
    provider,
    sql: database.sql,
    projects: { requireRole: refuse, roleOf: async () => undefined },
    files: { readAll: refuse, writeMerged: refuse, sizeOf: refuse },
    stored: { readPinned: refuse },
    homes: createTestHomes(),
    nodes: createNodes({ links: noLinks, clock: systemClock, log: silentLog }),
    rechecks: { watch: () => () => undefined },
    bus: createInProcessBus(silentLog),
    metrics: createPrometheusMetrics(),
    clock: systemClock,
    log,
    settings: {
      IMAGES: "on-demand",
      EXECUTION_CONCURRENCY: 8,
      EXECUTION_QUEUE: 64,
      EXECUTION_WARM_MAX: 4,
      EXECUTION_PROGRAM_MIB: 10,
      WEBHOOK_ALLOWED_HOSTS: [],
    },
    secretKey: Buffer.alloc(32),
    ownHosts: [],
    languagesFolder,
    imagesFolder,
  });
  await execution.start(new AbortController().signal);
  const built = await builtLanguages();
  const isReady = (id: string): boolean =>
    execution.languages().some((language) => language.id === id && language.ready);
  while (!built.every(isReady)) await sleep(50);
  const ada = actorNamed("ada");
  return {
    execution,
    database,
    complaints,
    async run(request, actor = ada) {
      const begunMs = performance.now();
      const live = await execution.service.submit(actor, request, { interactive: false });
      let firstByteMs: number | null = null;
      live.attach({
        userId: actor.userId,
        output: () => (firstByteMs ??= performance.now() - begunMs),
        status: () => undefined,
        ended: () => undefined,
      });
      await live.ended;
      return { execution: live.snapshot({ output: true }), firstByteMs };
    },
    async [Symbol.asyncDispose]() {
      await execution[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      rmSync(stateFolder, { recursive: true, force: true });
    },
  };
};
