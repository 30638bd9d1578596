/** Runs programs for the contract suite and looks at what they leave on the host. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { SandboxBlueprint, SandboxProvider } from "../ports.ts";
import type {
  SandboxCollect,
  SandboxJob,
  SandboxLimits,
  SandboxPatience,
  SandboxResult,
  SandboxRun,
  SandboxStage,
  TerminalSize,
  WarmSandbox,
} from "../../../modules/execution/run/ports.ts";
import { createRunProvider } from "../../../modules/execution/run/run-provider.ts";
import { processesNaming } from "../machine/host-processes.ts";
import { cgroupParentName } from "../machine/host-resources.ts";

const mebibyte = 1024 * 1024;

/** Limits small enough for every case to end soon. */
export const testLimits: SandboxLimits = {
  wallMs: 15_000,
  cpuMs: 10_000,
  memoryBytes: 256 * mebibyte,
  outputBytes: 64 * mebibyte,
  diskBytes: 64 * mebibyte,
  diskInodes: 2048,
  processes: 64,
};

/** A sandbox without a waiting interpreter. */
export const testBlueprint = (imageRoot: string, warmUp?: readonly string[]): SandboxBlueprint => ({
  mounts: { layers: [imageRoot] },
  network: "none",
  lifetime: "run",
  memoryBytes: testLimits.memoryBytes,
  diskBytes: testLimits.diskBytes,
  diskInodes: testLimits.diskInodes,
  ...(warmUp === undefined ? {} : { warmUp }),
});

/** A program as the tables write it. */
export type TestProgram = {
  readonly argv: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  readonly compile?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly limits?: Partial<SandboxLimits>;
  readonly terminal?: TerminalSize;
  /** Given at once and ended; absent: input stays open for `during`. */
  readonly stdin?: string;
  readonly warmUp?: readonly string[];
  readonly collect?: SandboxCollect;
  readonly patience?: SandboxPatience;
  readonly waits?: (waits: boolean) => void;
};

/** What a program did. */
export type Outcome = {
  readonly result: SandboxResult;
  readonly stdout: string;
  readonly stderr: string;
  readonly terminal: string;
  /** Bytes of standard output as they came. */
  readonly bytes: Buffer;
  readonly stages: readonly SandboxStage[];
};

/** A run that a test can talk to. */
export type Conversation = {
  readonly run: SandboxRun;
  /** Resolves when the text has appeared in any stream; rejects when the run ends without it. */
  readonly said: (text: string) => Promise<void>;
};

/** Turns a test program into the port's job. */
export const jobOf = (program: TestProgram): SandboxJob => {
  const limits = { ...testLimits, ...program.limits };
  const env = program.env ?? {};
  return {
    files: Object.entries(program.files ?? {}).map(([path, text]) => ({
      path,
      bytes: Buffer.from(text, "utf8"),
      hash: createHash("sha256").update(text, "utf8").digest("hex"),
      executable: false,
    })),
    run: { argv: program.argv, env, limits },
    ...(program.compile === undefined ? {} : { compile: { steps: [program.compile], env, limits } }),
    ...(program.patience === undefined ? {} : { patience: program.patience }),
    ...(program.collect === undefined ? {} : { collect: program.collect }),
    ...(program.terminal === undefined ? {} : { terminal: program.terminal }),
  };
};

/** Boots a sandbox that takes a job of the protocol `run`. */
export const bootToRun = (provider: SandboxProvider, blueprint: SandboxBlueprint): Promise<WarmSandbox> =>
  createRunProvider(provider).boot(blueprint);

/** Boots a sandbox, runs the program in it, and resolves when nothing is left. */
export const runProgram = (
  { provider, imageRoot }: { readonly provider: SandboxProvider; readonly imageRoot: string },
  program: TestProgram,
  during?: (conversation: Conversation) => Promise<void> | void,
): Promise<Outcome> => runIn(bootToRun(provider, testBlueprint(imageRoot, program.warmUp)), program, during);

/** The same in a sandbox of another blueprint. */
export const runMounted = (
  provider: SandboxProvider,
  blueprint: SandboxBlueprint,
  program: TestProgram,
): Promise<Outcome> => runIn(bootToRun(provider, blueprint), { stdin: "", ...program });

const runIn = async (
  booting: Promise<WarmSandbox>,
  program: TestProgram,
  during?: (conversation: Conversation) => Promise<void> | void,
): Promise<Outcome> => {
  const sandbox = await booting;
  const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[], terminal: [] as Buffer[] };
  const stages: SandboxStage[] = [];
  let heard = "";
  let waiting: { text: string; resolve: () => void }[] = [];
  const run = sandbox.run(jobOf(program), {
    stage: (stage) => void stages.push(stage),
    waits: (waits) => program.waits?.(waits),
    output(stream, chunk) {
      chunks[stream].push(Buffer.from(chunk));
      if (heard.length < mebibyte) heard += Buffer.from(chunk).toString("utf8");
      waiting = waiting.filter(({ text, resolve }) => {
        if (heard.includes(text)) resolve();
        return !heard.includes(text);
      });
    },
  });
  const said = async (text: string): Promise<void> => {
    if (heard.includes(text)) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.push({ text, resolve });
    await Promise.race([
      promise,
      run.result.then((result) => {
        throw new Error(`ended ${JSON.stringify(result.end)} without saying ${text}: ${heard}`);
      }),
    ]);
  };
  if (program.stdin !== undefined) {
    run.writeStdin(Buffer.from(program.stdin, "utf8"));
    run.endStdin();
  }
  await during?.({ run, said });
  const result = await run.result;
  await sandbox[Symbol.asyncDispose]();
  const text = (stream: keyof typeof chunks): string => Buffer.concat(chunks[stream]).toString("utf8");
  return {
    result,
    stages,
    stdout: text("stdout"),
    stderr: text("stderr"),
    terminal: text("terminal"),
    bytes: Buffer.concat(chunks.stdout),
  };
};

const foldersIn = (folder: string): string[] =>
  existsSync(folder)
    ? readdirSync(folder, { withFileTypes: true })
        .filter((entry) => entry.isDirectory())
        .map((entry) => entry.name)
    : [];

/** Everything of the provider's sandboxes that can still be seen on the host: empty when all is gone. */
export const findResidue = (stateFolder: string): string[] => {
  const layoutPath = join(stateFolder, "cgroups.json");
  const layout: Record<string, unknown> = existsSync(layoutPath)
    ? (JSON.parse(readFileSync(layoutPath, "utf8")) as Record<string, unknown>)
    : {};
  const cgroups = ["memory", "cpu", "cpuacct", "pids"]
    .map((controller) => layout[controller])
    .filter((folder) => typeof folder === "string")
    .map((folder) => join(folder, cgroupParentName(stateFolder)))
    .flatMap((parent) => foldersIn(parent).map((name) => `cgroup ${join(parent, name)}`));
  const mounts = readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .filter((line) => line.includes(stateFolder))
    .map((line) => `mount ${line}`);
  const tools = processesNaming(`${stateFolder}/`, /./u).map((pid) => `process ${pid}`);
  const folders = foldersIn(join(stateFolder, "sandboxes")).map((name) => `folder ${name}`);
  return [...cgroups, ...mounts, ...tools, ...folders];
};
