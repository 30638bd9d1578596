/** Finds out which tiers are real on this host: a sandbox is booted, runs a program and answers, or the tier does not count. */
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import type { IsolationTier, LimitsEnforcement, SandboxLimits, SandboxProvider, WarmSandbox } from "./ports.ts";

/** What is known about one tier; `reason` is a sentence for an operator. */
export type TierVerdict =
  | {
      readonly tier: IsolationTier;
      readonly available: true;
      readonly limitsEnforcement: LimitsEnforcement;
      /** Boot, run and answer, in milliseconds. */
      readonly tookMs: number;
      readonly reason?: string;
    }
  | { readonly tier: IsolationTier; readonly available: false; readonly reason: string };

/** A tier to try. `needs` are files without which there is nothing to try. */
export type TierCandidate = {
  readonly tier: IsolationTier;
  readonly needs: readonly string[];
  /** Opens the provider; it is closed again after the probe. */
  readonly open: () => SandboxProvider | Promise<SandboxProvider>;
};

/** Host switches that explain refusals; replaced in tests. */
export type HostSettings = (path: string) => string | undefined;

const answerTimeoutMs = 5000;
const mebibyte = 1024 * 1024;

const probeLimits: SandboxLimits = {
  wallMs: answerTimeoutMs,
  cpuMs: answerTimeoutMs,
  memoryBytes: 128 * mebibyte,
  outputBytes: 4096,
  diskBytes: 8 * mebibyte,
  diskInodes: 256,
  processes: 16,
};

const readHostSetting: HostSettings = (path) => {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    return undefined;
  }
};

/** Known causes, from the most to the least specific. */
const explain = (setting: HostSettings, asRoot: boolean): string | undefined => {
  if (!asRoot && setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") === "1") {
    return "AppArmor restricts user namespaces for ordinary users (Ubuntu 24.04 and later): start as root, add an AppArmor profile, or set kernel.apparmor_restrict_unprivileged_userns=0.";
  }
  if (!asRoot && setting("/proc/sys/kernel/unprivileged_userns_clone") === "0") {
    return "User namespaces are switched off for ordinary users: start as root, or set kernel.unprivileged_userns_clone=1.";
  }
  if (setting("/proc/sys/user/max_user_namespaces") === "0") {
    return "User namespaces are switched off: set user.max_user_namespaces to more than 0.";
  }
  return undefined;
};

const answer = async (sandbox: WarmSandbox, word: string): Promise<string> => {
  let text = "";
  const run = sandbox.run(
    { files: [], run: { argv: ["/bin/echo", word], env: {}, limits: probeLimits } },
    { stage: () => undefined, output: (_, chunk) => (text += Buffer.from(chunk).toString("utf8")) },
  );
  run.endStdin();
  const { end } = await run.result;
  if (end.kind !== "exited" || end.exitCode !== 0) throw new Error(`a program in it ended with ${JSON.stringify(end)}`);
  return text.trim();
};

const tryCandidate = async (candidate: TierCandidate, imageRoot: string): Promise<TierVerdict> => {
  const { tier } = candidate;
  const provider = await candidate.open();
  try {
    const startedAt = performance.now();
    const sandbox = await provider.boot({
      imageRoot,
      memoryBytes: probeLimits.memoryBytes,
      diskBytes: probeLimits.diskBytes,
      diskInodes: probeLimits.diskInodes,
    });
    const word = randomUUID();
    if ((await answer(sandbox, word)) !== word) throw new Error("a program in it gave a wrong answer");
    const tookMs = performance.now() - startedAt;
    const { limitsEnforcement } = provider;
    if (limitsEnforcement === "cgroup") return { tier, available: true, limitsEnforcement, tookMs };
    const reason =
      "No cgroup is delegated here, so memory and CPU are read every 50 ms instead of being held by the kernel.";
    return { tier, available: true, limitsEnforcement, tookMs, reason };
  } finally {
    await provider[Symbol.asyncDispose]();
  }
};

const deadline = async (attempt: Promise<TierVerdict>): Promise<TierVerdict> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${answerTimeoutMs} ms`)), answerTimeoutMs);
  });
  try {
    return await Promise.race([attempt, late]);
  } finally {
    clearTimeout(timer);
    attempt.catch(() => undefined);
  }
};

/** One verdict per candidate, in their order, and `microvm`, which is not built. Never rejects. */
export const probeTiers = async (options: {
  readonly candidates: readonly TierCandidate[];
  readonly imageRoot: string;
  readonly hostSetting?: HostSettings;
}): Promise<TierVerdict[]> => {
  const hostSetting = options.hostSetting ?? readHostSetting;
  const verdicts: TierVerdict[] = [{ tier: "microvm", available: false, reason: "The microVM tier is not built yet." }];
  for (const candidate of options.candidates) {
    const { tier } = candidate;
    const missing = [options.imageRoot, ...candidate.needs].find((path) => !existsSync(path));
    if (missing !== undefined) {
      verdicts.push({ tier, available: false, reason: `${missing} is missing.` });
      continue;
    }
    try {
      verdicts.push(await deadline(tryCandidate(candidate, options.imageRoot)));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const cause = explain(hostSetting, process.geteuid?.() === 0);
      const reason = cause === undefined ? `A sandbox could not be used: ${message}` : `${cause} (${message})`;
      verdicts.push({ tier, available: false, reason });
    }
  }
  return verdicts;
};
