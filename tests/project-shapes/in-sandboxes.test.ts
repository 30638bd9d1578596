/** Run alone, in each tier that this machine has: the program of every shape whose languages have an image here, and its tests. */
import { type Execution, type StartExecution } from "@atelier/contracts";
import { type Environment, STANDARD_TOOLS } from "@atelier/run-configurations";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../packages/server/src/kernel/clock.ts";
import { silentLog } from "../../packages/server/src/kernel/log.ts";
import { Problem } from "../../packages/server/src/kernel/problem.ts";
import { createExecution, type ExecutionModule } from "../../packages/server/src/modules/execution/index.ts";
import { loadLanguages } from "../../packages/server/src/modules/execution/languages/load-languages.ts";
import {
  actorNamed,
  createTestHomes,
  languagesFolder,
} from "../../packages/server/src/modules/execution/execution-fixture.ts";
import { createInProcessBus } from "../../packages/server/src/platform/bus/adapters/in-process-bus.ts";
import { createNodes, noLinks } from "../../packages/server/src/platform/links/index.ts";
import { createPrometheusMetrics } from "../../packages/server/src/platform/metrics/adapters/prometheus-metrics.ts";
import { createBubblewrapProvider } from "../../packages/server/src/platform/sandboxes/adapters/bubblewrap.ts";
import { createGvisorProvider } from "../../packages/server/src/platform/sandboxes/adapters/gvisor.ts";
import { providerParts } from "../../packages/server/src/platform/sandboxes/contract/provider-parts.ts";
import { createImageStore } from "../../packages/server/src/platform/sandboxes/images/index.ts";
import type { SandboxProvider } from "../../packages/server/src/platform/sandboxes/index.ts";
import { openTestDatabase, type TestDatabase } from "../../packages/server/src/platform/sql/test-database.ts";
import { configurationsOfShape, filesOfShape, type Shape, shapes } from "../support/project-shapes.ts";

const imageRoot = process.env["ATELIER_TEST_IMAGE"] ?? "";
const runsc = join(process.env["ATELIER_TEST_TOOLS"] ?? "", "runsc");
const hasImage = existsSync(join(imageRoot, "..", "image.json"));
const imagesFolder = dirname(dirname(imageRoot));

const tiers = (["gvisor", "namespaces"] as const).filter((tier) =>
  tier === "gvisor" ? hasImage && existsSync(runsc) : hasImage && existsSync("/usr/bin/bwrap"),
);

const declarations = await loadLanguages(languagesFolder);

/** Ids of the languages that have an image on this machine. */
const readyLanguages = async (): Promise<ReadonlySet<string>> => {
  const store = createImageStore({ recipes: join(languagesFolder, "images"), images: imagesFolder });
  const found = await Promise.all(
    declarations.map(async ({ id, image }) => ((await store.find(image)) === undefined ? [] : [id])),
  );
  return new Set(found.flat());
};
const ready = hasImage ? await readyLanguages() : new Set<string>();

const environment: Environment = {
  languages: declarations
    .filter(({ id }) => ready.has(id))
    .map(({ id, name, extensions, tools }) => ({
      id,
      name,
      extensions,
      tools: [...(STANDARD_TOOLS[id] ?? []), ...tools],
    })),
};
/** `npm test` tries the base image; `npm run test:all` every image that is here. */
const isTried = ({ languages }: Shape): boolean =>
  process.env["ATELIER_TEST_WHOLE"] !== undefined ||
  languages.every((id) => declarations.find((one) => one.id === id)?.image === "base");

/** Whether everything but packages is on this machine. */
const isHere = (shape: Shape): boolean => {
  const configurations = configurationsOfShape(shape, environment);
  const isRunnable = (wanted: string): boolean => {
    const found = configurations.find(({ name }) => name === wanted);
    return found !== undefined && !(found.unavailable ?? "").includes("not installed on this server");
  };
  const tests = shape.testMissing === undefined && shape.test !== undefined ? [shape.test] : [];
  return isTried(shape) && [shape.run ?? "", ...tests].every(isRunnable);
};

const openProvider = async (tier: (typeof tiers)[number], stateFolder: string): Promise<SandboxProvider> => {
  const common = { ...(await providerParts({ imageRoot, stateFolder })), log: silentLog };
  return tier === "gvisor"
    ? createGvisorProvider({ runsc, ...common })
    : createBubblewrapProvider({ bwrap: "bwrap", ...common });
};

const refuse = async (): Promise<never> => {
  throw new Problem("projects/no-such-project");
};

type Server = { readonly tier: string; readonly execution: ExecutionModule; readonly close: () => Promise<void> };

const startServer = async (tier: (typeof tiers)[number], database: TestDatabase): Promise<Server> => {
  const stateFolder = mkdtempSync(join(tmpdir(), "atelier-shapes-"));
  const provider = await openProvider(tier, stateFolder);
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
    log: silentLog,
    settings: {
      IMAGES: "on-demand",
      EXECUTION_CONCURRENCY: 8,
      EXECUTION_QUEUE: 64,
      EXECUTION_WARM_MAX: 1,
      EXECUTION_PROGRAM_MIB: 10,
      WEBHOOK_ALLOWED_HOSTS: [],
    },
    secretKey: Buffer.alloc(32),
    ownHosts: [],
    languagesFolder,
    imagesFolder,
  });
  await execution.start(new AbortController().signal);
  const isReady = (): boolean => execution.languages().filter((one) => one.ready).length === ready.size;
  while (!isReady()) await new Promise((resolve) => setTimeout(resolve, 20));
  const close = async (): Promise<void> => {
    await execution[Symbol.asyncDispose]();
    await provider[Symbol.asyncDispose]();
    rmSync(stateFolder, { recursive: true, force: true });
  };
  return { tier, execution, close };
};

describe.skipIf(tiers.length === 0)("project shapes in sandboxes", { timeout: 120_000 }, () => {
  let database: TestDatabase;
  let servers: Server[] = [];
  beforeAll(async () => {
    database = await openTestDatabase();
    servers = await Promise.all(tiers.map((tier) => startServer(tier, database)));
  }, 60_000);
  afterAll(async () => {
    await Promise.all(servers.map(({ close }) => close()));
    await database[Symbol.asyncDispose]();
  }, 30_000);

  /** In all tiers at once: they mostly wait. */
  const inEach = (work: (server: Server) => Promise<void>) => Promise.all(servers.map(work));
  const run = async ({ execution }: Server, request: StartExecution): Promise<Execution> => {
    const live = await execution.service.submit(actorNamed("ada", "premium"), request, { interactive: false });
    await live.ended;
    return live.snapshot({ output: true });
  };
  const runShape = (server: Server, shape: Shape, configuration: string, more: Partial<StartExecution> = {}) =>
    run(server, { files: filesOfShape(shape.id), configuration, ...more });

  const given = (name: string | undefined, text: string | undefined) =>
    name === undefined || text === undefined ? [] : [{ name, text }];

  for (const shape of shapes) {
    const { id, run: program, prints, test: tests, missing, testMissing } = shape;
    const testPrints = testMissing === undefined ? (shape.testPrints ?? "") : undefined;
    it.skipIf(!isHere(shape))(`[RC1] ${id}`, async () => {
      await inEach(async (server) => {
        for (const { name, text } of given(program, prints)) {
          const ended = await runShape(server, shape, name);
          expect(ended, `${server.tier}: ${ended.stderr}`).toMatchObject({ status: "succeeded", stage: "run" });
          expect(ended.stdout, server.tier).toContain(text);
          expect(ended).toMatchObject({ configuration: name, sandbox: server.tier });
        }
        for (const { name, text } of given(tests, testPrints)) {
          const ended = await runShape(server, shape, name);
          expect(ended.status, `${server.tier}: ${ended.stdout}${ended.stderr}`).toBe("succeeded");
          expect(ended.stdout + ended.stderr, server.tier).toContain(text);
        }
        for (const { name, text } of given(program, missing)) {
          await expect(runShape(server, shape, name)).rejects.toMatchObject({
            code: "execution/configuration-unavailable",
            message: expect.stringContaining(text),
          });
        }
      });
    });
  }

  const shapeOf = (id: string): Shape => {
    const found = shapes.find((shape) => shape.id === id);
    if (found === undefined) throw new Error(`no shape ${id}`);
    return found;
  };

  it("[RC5] a request's arguments, variables and input replace the configuration's, and reach the program as they are", async () => {
    await inEach(async (server) => {
      const shape = shapeOf("atelier-file");
      const more = { args: ["a b; $(reboot)"], env: { CURRENCY: "$USD" }, stdin: "typed\n" };
      const { stdout } = await runShape(server, shape, "Report", more);
      expect(stdout, server.tier).toBe("sales of a b; $(reboot): 42 $USD\nnote: typed\n");
      const sum = await runShape(server, shapeOf("c-makefile-cc"), "sum", { stdin: "40 2" });
      expect(sum.stdout, server.tier).toBe("42\n");
      const start = await runShape(server, shapeOf("npm-scripts"), "npm start", { args: ["--x", "y z"] });
      expect(start.stdout, server.tier).toBe("prepared\nsum 42 --x y z\n");
    });
  });

  it("[RC6] what has to be built first is a stage of its own: its failure is compile-failed, with its own limits", async () => {
    await inEach(async (server) => {
      const broken = filesOfShape("make-three-targets").map(({ path, content }) => ({
        path,
        content: path === "greet.c" ? "int main(void) { return x; }\n" : content,
      }));
      const ended = await run(server, { files: broken, configuration: "greet" });
      expect(ended, server.tier).toMatchObject({ status: "compile-failed", stage: "compile", exitCode: 2 });
      expect(ended.stderr).toContain("greet.c:1");
      const atelier = JSON.stringify({ run: { name: "slow", compile: "sleep 60", command: "true" } });
      const files = [{ path: "atelier.json", content: atelier }];
      const slow = await run(server, { files, configuration: "slow", compileLimits: { wallMs: 300 } });
      expect(slow, server.tier).toMatchObject({ status: "timed-out", stage: "compile" });
    });
  });

  it("[RC6] a command runs in its folder", async () => {
    await inEach(async (server) => {
      const atelier = { run: [{ name: "where", folder: "a b", command: "pwd && cat here.txt" }] };
      const files = [
        { path: "atelier.json", content: JSON.stringify(atelier) },
        { path: "a b/here.txt", content: "found\n" },
      ];
      expect((await run(server, { files, configuration: "where" })).stdout).toBe("/project/a b\nfound\n");
    });
  });
});
