/** Finds out which tiers are real on this host: a sandbox is booted and a program in it answers, or the tier does not count. */
import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { insidePaths } from "./machine/runtime-folder.ts";
import type { IsolationTier, LimitsEnforcement, SandboxProvider } from "./ports.ts";

/** What is known about one tier; `reason` is a sentence for an operator. */
export type TierVerdict =
  | {
      readonly tier: IsolationTier;
      readonly available: true;
      readonly limitsEnforcement: LimitsEnforcement;
      /** From boot to the end of the sandbox, in milliseconds. */
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

/** The folders that a sandbox's mounts need in its root. */
const mountPoints = [".atelier", "dev", "etc", "proc", "project", "sys", "tmp"];

/** A root file system in which nothing is: no language image has to be there. Made in `folder` where it is missing. */
export const makeProbeImage = (folder: string): string => {
  for (const path of ["", ...mountPoints].map((name) => join(folder, name))) {
    mkdirSync(path, { recursive: true });
    // Programs are another user, whatever the server creates files with.
    chmodSync(path, 0o755);
  }
  return folder;
};

/**
 * Boots a sandbox whose root is empty, and resolves when the program that runs in it (init's own binary) has answered.
 * @param imageFolder is made where it is missing; the provider's sandboxes must be able to reach it
 * @throws Error that says what did not work
 */
export const probeProvider = async (provider: SandboxProvider, imageFolder: string): Promise<void> => {
  const sandbox = await provider.boot({
    mounts: { layers: [makeProbeImage(imageFolder)] },
    network: "none",
    lifetime: "run",
    warmUp: [insidePaths.init, "answer"],
    memoryBytes: 128 * mebibyte,
    diskBytes: 8 * mebibyte,
    diskInodes: 256,
  });
  await sandbox[Symbol.asyncDispose]();
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

const tryCandidate = async (candidate: TierCandidate, imageFolder: string): Promise<TierVerdict> => {
  const { tier } = candidate;
  const provider = await candidate.open();
  try {
    const startedAt = performance.now();
    await probeProvider(provider, imageFolder);
    const tookMs = performance.now() - startedAt;
    const { limitsEnforcement } = provider;
    if (limitsEnforcement === "cgroup") return { tier, available: true, limitsEnforcement, tookMs };
    const reason =
      "No cgroup is delegated here, so memory and CPU are read every 50 ms instead of being enforced by the kernel.";
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
  /** For the probe's own image. */
  readonly imageFolder: string;
  readonly hostSetting?: HostSettings;
}): Promise<TierVerdict[]> => {
  const hostSetting = options.hostSetting ?? readHostSetting;
  const verdicts: TierVerdict[] = [{ tier: "microvm", available: false, reason: "The microVM tier is not built yet." }];
  for (const candidate of options.candidates) {
    const { tier } = candidate;
    const missing = candidate.needs.find((path) => !existsSync(path));
    if (missing !== undefined) {
      verdicts.push({ tier, available: false, reason: `${missing} is missing.` });
      continue;
    }
    try {
      verdicts.push(await deadline(tryCandidate(candidate, options.imageFolder)));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const cause = explain(hostSetting, process.geteuid?.() === 0);
      const reason = cause === undefined ? `A sandbox could not be used: ${message}` : `${cause} (${message})`;
      verdicts.push({ tier, available: false, reason });
    }
  }
  return verdicts;
};
