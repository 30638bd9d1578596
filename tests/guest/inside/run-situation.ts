/** Runs one situation's programs in the guest and reports observations as JSON lines on standard output, without checking them. */
import { readdirSync, readFileSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import process from "node:process";
import { hostFindings } from "../../../scripts/doctor/host.ts";
import { isolationFindings } from "../../../scripts/doctor/isolation.ts";
import { silentLog } from "../../../packages/server/src/kernel/log.ts";
import { createBubblewrapProvider } from "../../../packages/server/src/platform/sandboxes/adapters/bubblewrap.ts";
import { createGvisorProvider } from "../../../packages/server/src/platform/sandboxes/adapters/gvisor.ts";
import type { SandboxProvider } from "../../../packages/server/src/platform/sandboxes/ports.ts";
import { buildInit } from "../../../packages/server/src/platform/sandboxes/machine/build-init.ts";
import {
  bootToRun,
  findResidue,
  jobOf,
  runProgram,
  testBlueprint,
} from "../../../packages/server/src/platform/sandboxes/contract/harness.ts";
import { listProcesses } from "../../../packages/server/src/platform/sandboxes/machine/host-processes.ts";
import { cgroupParentName } from "../../../packages/server/src/platform/sandboxes/machine/host-resources.ts";
import {
  type GuestReport,
  guestSizes,
  type GuestTier,
  programsOf,
  sharesProcessor,
  type Situation,
  situations,
} from "../situations.ts";

const checkout = join(import.meta.dirname, "../../..");
const imageRoot = process.env["ATELIER_GUEST_IMAGE"] ?? "";
const runsc = process.env["ATELIER_GUEST_RUNSC"] ?? "";
const kernelThreads = 2;

const report = (line: GuestReport): void => void writeSync(1, `${JSON.stringify(line)}\n`);

const cgroupFolders = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => [join(folder, entry.name), ...cgroupFolders(join(folder, entry.name))]);

/** Everything on this machine that a sandbox could leave behind. */
const inventory = (): string[] => [
  ...listProcesses()
    .filter(({ pid, parent }) => pid !== kernelThreads && parent !== kernelThreads)
    .map(({ pid }) => `process ${pid}`),
  ...readFileSync("/proc/self/mountinfo", "utf8")
    .split("\n")
    .map((line) => `mount ${line}`),
  // The leaf into which a server steps belongs to its unit and goes with it.
  ...cgroupFolders("/sys/fs/cgroup")
    .filter((path) => !path.endsWith("/atelier-server"))
    .map((path) => `cgroup ${path}`),
  ...readdirSync("/sys/block")
    .filter((name) => name.startsWith("loop") && readdirSync(join("/sys/block", name)).includes("loop"))
    .map((name) => `loop device ${name}`),
];

const openProvider = async (tier: GuestTier, stateFolder: string): Promise<SandboxProvider> => {
  const initPath = await buildInit({
    imageRoot,
    cacheFolder: join(process.env["ATELIER_CACHE_DIR"] ?? "", "sandbox-init"),
    sourceFolder: join(checkout, "packages/sandbox-init"),
  });
  const shared = { initPath, warmUpFolder: join(checkout, "languages"), stateFolder, log: silentLog };
  return tier === "gvisor"
    ? createGvisorProvider({ ...shared, runsc })
    : createBubblewrapProvider({ ...shared, bwrap: "bwrap" });
};

/** The same provider, whose sandboxes are small. */
const withSmallSandboxes = (provider: SandboxProvider): SandboxProvider => ({
  tier: provider.tier,
  limitsEnforcement: provider.limitsEnforcement,
  boot: (blueprint) => provider.boot({ ...blueprint, ...guestSizes }),
  adopt: (...given) => provider.adopt(...given),
  removeOrphans: () => provider.removeOrphans(),
  [Symbol.asyncDispose]: () => provider[Symbol.asyncDispose](),
});

const cgroupsIn = (stateFolder: string): string | undefined => {
  if (!readdirSync(stateFolder).includes("cgroups.json")) return undefined;
  return (JSON.parse(readFileSync(join(stateFolder, "cgroups.json"), "utf8")) as { memory: string }).memory;
};

/** A sandbox of a server that is gone is found by the next one. */
const leaveOrphan = async (tier: GuestTier, stateFolder: string): Promise<{ orphans: number; residue: string[] }> => {
  const lost = withSmallSandboxes(await openProvider(tier, stateFolder));
  const sandbox = await bootToRun(lost, testBlueprint(imageRoot));
  const running = sandbox.run(jobOf({ argv: ["sleep", "600"] }), {
    stage: () => undefined,
    output: () => undefined,
  });
  const next = await openProvider(tier, stateFolder);
  const orphans = await next.removeOrphans();
  const residue = findResidue(stateFolder);
  await running.result;
  await next[Symbol.asyncDispose]();
  return { orphans, residue };
};

const busyMs = 1000;

/** Both want the only processor: the server in this loop, and a run that has just begun and so has the weight of a short one. */
const measureShare = async (
  { name }: Situation,
  { tier, provider, folder }: { readonly tier: GuestTier; readonly provider: SandboxProvider; readonly folder: string },
): Promise<void> => {
  const sandbox = await bootToRun(provider, testBlueprint(imageRoot));
  const { promise: started, resolve } = Promise.withResolvers<void>();
  const job = jobOf({ argv: ["sh", "-c", "while :; do :; done"] });
  const running = sandbox.run(job, { stage: () => resolve(), output: () => undefined });
  await started;
  const before = process.cpuUsage();
  const until = performance.now() + busyMs;
  while (performance.now() < until);
  const { user, system } = process.cpuUsage(before);
  const weightOf = (path: string): number => Number(readFileSync(join(path, "cpu.weight"), "utf8"));
  report({
    kind: "share",
    situation: name,
    tier,
    weights: { sandboxes: weightOf(folder), runs: cgroupFolders(folder).map(weightOf) },
    ofServer: (user + system) / 1000 / busyMs,
  });
  running.cancel();
  await running.result;
};

const runTier = async (situation: Situation, tier: GuestTier): Promise<void> => {
  const stateFolder = await mkdtemp(`/tmp/atelier-${tier}-`);
  const provider = withSmallSandboxes(await openProvider(tier, stateFolder));
  const subject = { provider, imageRoot };
  for (const { name, program } of programsOf(situation, tier)) {
    const startedAt = performance.now();
    const { result, stdout, stderr } = await runProgram(subject, program);
    report({
      kind: "program",
      situation: situation.name,
      tier,
      name,
      end: result.end,
      stdout: stdout.slice(0, 200),
      stderr: stderr.slice(-400),
      memoryPeakBytes: result.usage.memoryPeakBytes,
      residue: findResidue(stateFolder),
      tookMs: Math.round(performance.now() - startedAt),
    });
  }
  const { limitsEnforcement: limits } = provider;
  const cgroup = cgroupsIn(stateFolder);
  if (cgroup !== undefined && sharesProcessor(situation, tier)) {
    await measureShare(situation, { tier, provider, folder: join(cgroup, cgroupParentName(stateFolder)) });
  }
  await provider[Symbol.asyncDispose]();
  const orphan = await leaveOrphan(tier, stateFolder);
  report({ kind: "provider", situation: situation.name, tier, limits, cgroupsIn: cgroup, ...orphan });
  await rm(stateFolder, { recursive: true });
};

const runSituation = async (situation: Situation): Promise<void> => {
  const before = new Set(inventory());
  for (const tier of situation.tiers) await runTier(situation, tier);
  const isolation = situation.programs === "all" ? await isolationFindings() : [];
  const findings = [...(await hostFindings({})), ...isolation];
  const lines = findings.map(({ state, what, says }) => `${state} ${what}: ${says}`);
  report({ kind: "doctor", situation: situation.name, lines });
  const left = inventory().filter((item) => !before.has(item));
  report({ kind: "leftovers", situation: situation.name, left });
};

const situation = situations.find(({ name }) => name === process.argv[2]);
if (situation === undefined) throw new Error(`no such situation: ${process.argv[2]}`);
try {
  await runSituation(situation);
} catch (error) {
  const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
  report({ kind: "fault", situation: situation.name, message });
  process.exitCode = 1;
}
