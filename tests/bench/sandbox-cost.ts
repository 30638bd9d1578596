/** E2 in parts: the CPU time of one sandbox, from its boot to its end, without server and database. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { silentLog } from "../../packages/server/src/kernel/log.ts";
import { createBubblewrapProvider } from "../../packages/server/src/platform/sandboxes/adapters/bubblewrap.ts";
import { createGvisorProvider } from "../../packages/server/src/platform/sandboxes/adapters/gvisor.ts";
import type { SandboxBlueprint } from "../../packages/server/src/platform/sandboxes/ports.ts";
import type { RunProvider, SandboxJob, WarmSandbox } from "../../packages/server/src/modules/execution/run/ports.ts";
import { createRunProvider } from "../../packages/server/src/modules/execution/run/run-provider.ts";
import { buildInit } from "../../packages/server/src/platform/sandboxes/machine/build-init.ts";
import { findProgram } from "../../scripts/lib/command.mjs";
import { imageFolder } from "../../scripts/lib/image.mjs";
import { cacheFolder, checkout } from "../../scripts/lib/checkout.mjs";
import { toolsFolder } from "../../scripts/lib/tools.mjs";
import type { CpuAccount } from "./cpu-account.ts";
import { SYSTEM_PYTHON } from "./machine.ts";
import { summarise } from "./statistics.ts";

const execute = promisify(execFile);
const MIB = 1_048_576;
const REST_MS = 1000;
const SETTLE_MS = 250;
const imageRoot = join(imageFolder("base"), "rootfs");

const limits = {
  wallMs: 30_000,
  cpuMs: 30_000,
  memoryBytes: 512 * MIB,
  outputBytes: MIB,
  diskBytes: 1024 * MIB,
  diskInodes: 65_536,
  processes: 128,
};

type Program = { readonly language: string; readonly file: string; readonly code: string };

const programs: readonly Program[] = [
  { language: "python", file: "main.py", code: 'print("hello")\n' },
  { language: "javascript", file: "main.js", code: 'console.log("hello");\n' },
  { language: "typescript", file: "main.ts", code: 'const word: string = "hello";\nconsole.log(word);\n' },
];

type Declared = { readonly run: readonly string[]; readonly warmUp: readonly string[] };

const declared = (language: string): Declared =>
  JSON.parse(readFileSync(join(checkout, "languages", language, "language.json"), "utf8")) as Declared;

const blueprintOf = (warmUp?: readonly string[]): SandboxBlueprint => ({
  mounts: { layers: [imageRoot] },
  network: "none",
  lifetime: "run",
  memoryBytes: limits.memoryBytes,
  diskBytes: limits.diskBytes,
  diskInodes: limits.diskInodes,
  ...(warmUp === undefined ? {} : { warmUp }),
});

/** One run of a program as the language declares it. */
export const sandboxJob = ({ language, file, code }: Program): SandboxJob => ({
  files: [
    { path: file, bytes: Buffer.from(code), hash: createHash("sha256").update(code).digest("hex"), executable: false },
  ],
  run: {
    argv: declared(language)
      .run.filter((part) => part !== "{args}")
      .map((part) => (part === "{entryPoint}" ? file : part)),
    env: {},
    limits,
  },
});

/** A sandbox in which the language's interpreter waits. */
export const sandboxBlueprint = (language: string): SandboxBlueprint => blueprintOf(declared(language).warmUp);

/** Resolves with the CPU that the sandbox itself used until its program ended. @throws Error when it did not say hello. */
const runIn = async (sandbox: WarmSandbox, program: Program): Promise<number> => {
  let said = "";
  const running = sandbox.run(sandboxJob(program), {
    stage: () => undefined,
    output: (_, chunk) => (said += Buffer.from(chunk).toString("utf8")),
  });
  running.endStdin();
  const { end, usage } = await running.result;
  if (said !== "hello\n") throw new Error(`${program.language} ended with ${JSON.stringify(end)} and said ${said}`);
  return usage.cpuMs;
};

/** A provider of this tier with the cached image and tools. */
export const openSandboxProvider = async (tier: string, stateFolder: string): Promise<RunProvider> => {
  const common = {
    initPath: await buildInit({
      imageRoot,
      cacheFolder: join(cacheFolder(), "sandbox-init"),
      sourceFolder: join(checkout, "packages", "sandbox-init"),
    }),
    warmUpFolder: join(checkout, "languages"),
    stateFolder,
    log: silentLog,
  };
  return createRunProvider(
    tier === "gvisor"
      ? createGvisorProvider({ ...common, runsc: join(toolsFolder(), "runsc") })
      : createBubblewrapProvider({ ...common, bwrap: findProgram("bwrap") ?? "/usr/bin/bwrap" }),
  );
};

/** CPU-ms of each part of one sandbox's life. */
type Parts = {
  readonly boot: number;
  readonly hostInBoot: number;
  readonly restPerSecond: number;
  readonly run: number;
  readonly end: number;
};

const ownCpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const measure = async (
  { provider, account }: { readonly provider: RunProvider; readonly account: CpuAccount },
  program: Program,
  warm: boolean,
): Promise<Parts> => {
  const before = await account.cpuMs();
  const ownBefore = ownCpuMs();
  const sandbox = await provider.boot(blueprintOf(warm ? declared(program.language).warmUp : undefined));
  const hostInBoot = ownCpuMs() - ownBefore;
  await delay(SETTLE_MS);
  const booted = await account.cpuMs();
  await delay(REST_MS);
  const rested = await account.cpuMs();
  const run = await runIn(sandbox, program);
  await delay(SETTLE_MS);
  const ended = await account.cpuMs();
  return {
    boot: booted - before,
    hostInBoot,
    restPerSecond: ((rested - booted) * 1000) / REST_MS,
    run,
    end: ended - rested - run,
  };
};

const median = (rows: readonly Parts[], part: keyof Parts): number => summarise(rows.map((row) => row[part])).p50;
const show = (value: number): string => value.toFixed(value < 10 ? 1 : 0).padStart(5);

const describeParts = (rows: readonly Parts[], bare: number): string => {
  const [boot, run, end] = [median(rows, "boot"), median(rows, "run"), median(rows, "end")];
  const total = boot + run + end;
  return (
    `boot ${show(boot)} (of it in the server ${show(median(rows, "hostInBoot"))})  run ${show(run)}  end ${show(end)}  ` +
    `= ${show(total)}, above the bare interpreter ${show(total - bare)}`
  );
};

const bareArgv = ({ language, code }: Program): readonly [string, readonly string[]] => {
  if (language === "python") return [SYSTEM_PYTHON, ["-c", code]];
  const options = language === "typescript" ? ["--input-type=module-typescript", "--no-warnings"] : [];
  return [process.execPath, [...options, "--eval", code]];
};

/** CPU of starting this machine's interpreter, without any isolation. */
const bareCpuMs = async (program: Program, account: CpuAccount, runs: number): Promise<number> => {
  const [interpreter, argv] = bareArgv(program);
  const costs: number[] = [];
  for (let n = 0; n < runs; n++) {
    const before = await account.cpuMs();
    await execute(interpreter, argv);
    costs.push((await account.cpuMs()) - before);
  }
  return summarise(costs).p50;
};

/** Boots, runs and ends as many as the cores take, each sandbox once: what a machine sustains. */
const throughput = async (
  provider: RunProvider,
  account: CpuAccount,
  options: { readonly program: Program; readonly warm: boolean; readonly runs: number },
): Promise<{ perSecond: number; cpuMs: number }> => {
  const blueprint = blueprintOf(options.warm ? declared(options.program.language).warmUp : undefined);
  let left = options.runs;
  const lane = async (): Promise<void> => {
    while (left-- > 0) await runIn(await provider.boot(blueprint), options.program);
  };
  const before = await account.cpuMs();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
  const seconds = (performance.now() - startedAt) / 1000;
  await delay(SETTLE_MS);
  return { perSecond: options.runs / seconds, cpuMs: ((await account.cpuMs()) - before) / options.runs };
};

/** @param repetitions sandboxes of each kind, cold and warm in turn. */
export const benchSandboxCost = async (tier: string, account: CpuAccount, repetitions: number): Promise<string[]> => {
  const stateFolder = mkdtempSync(join(tmpdir(), "atelier-bench-"));
  const lines: string[] = [`  CPU-ms of ${account.scope}, p50 of ${repetitions}:`];
  try {
    await using provider = await openSandboxProvider(tier, stateFolder);
    const rests: number[] = [];
    for (const program of programs) {
      const name = program.language;
      const bare = await bareCpuMs(program, account, repetitions);
      // The first of a kind may become the original of the others, which costs it more.
      const first = await measure({ provider, account }, program, true);
      const cold: Parts[] = [];
      const warm: Parts[] = [];
      for (let n = 0; n < repetitions; n++) {
        cold.push(await measure({ provider, account }, program, false));
        warm.push(await measure({ provider, account }, program, true));
      }
      rests.push(...warm.map(({ restPerSecond }) => restPerSecond));
      const warmUp = median(warm, "boot") - median(cold, "boot");
      lines.push(
        `  ${`${name}, bare interpreter`.padEnd(26)} ${show(bare)}`,
        `  ${`${name}, nothing waited`.padEnd(26)} ${describeParts(cold, bare)}`,
        `  ${`${name}, it waited`.padEnd(26)} ${describeParts(warm, bare)}`,
        `  ${`${name}, its waiting`.padEnd(26)} ${show(warmUp)} in boot (the first of its kind: boot ${show(first.boot)})`,
      );
      for (const isWarm of [false, true]) {
        const { perSecond, cpuMs } = await throughput(provider, account, {
          program,
          warm: isWarm,
          runs: repetitions * availableParallelism(),
        });
        lines.push(
          `  ${`${name}, ${isWarm ? "each waited" : "cold"}`.padEnd(26)} ${perSecond.toFixed(1).padStart(5)} runs/s at ${availableParallelism()} at once, ${show(cpuMs)} each`,
        );
      }
    }
    lines.push(`  ${"one sandbox that waits".padEnd(26)} ${show(summarise(rests).p50)} CPU-ms each second`);
  } finally {
    rmSync(stateFolder, { recursive: true, force: true });
  }
  return lines;
};
