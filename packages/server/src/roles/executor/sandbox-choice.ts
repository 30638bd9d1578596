/** Picks the isolation tier by a real probe: a tier counts when a sandbox booted, ran a program and answered in time. */
import { withDeadline } from "#kernel/lifecycle";
import type { Log } from "#kernel/log";
import type { SandboxProvider } from "#platform/sandboxes";
import type { Tier } from "@atelier/contracts";

export type TierName = NonNullable<Tier>;

/** A tier that may work here: how to make its provider, or why that is out of the question. */
export type Candidate = { readonly tier: TierName } & (
  | { readonly open: () => Promise<SandboxProvider> }
  | { readonly missing: string }
);

export type Verdict = { readonly tier: TierName; readonly works: boolean; readonly reason?: string };

export type SandboxChoice = {
  readonly provider: SandboxProvider | undefined;
  readonly tier: Tier;
  /** Strongest tier first. */
  readonly verdicts: readonly Verdict[];
};

const PROBE_DEADLINE_MS = 10_000;
const MIB = 1_048_576;
const LIMITS = {
  wallMs: 2000,
  cpuMs: 2000,
  memoryBytes: 64 * MIB,
  outputBytes: MIB,
  diskBytes: 16 * MIB,
  diskInodes: 1024,
  processes: 16,
};
const ANSWER = "atelier";

/** Boots one sandbox and runs one program in it. @throws Error that says what did not work. */
const probe = async (provider: SandboxProvider, imageRoot: string): Promise<void> => {
  const sandbox = await provider.boot({ imageRoot, memoryBytes: 256 * MIB, diskBytes: 64 * MIB, diskInodes: 4096 });
  try {
    let output = "";
    const run = sandbox.run(
      { files: [], run: { argv: ["/bin/echo", ANSWER], env: {}, limits: LIMITS } },
      { output: (_stream, chunk) => (output += Buffer.from(chunk).toString()), stage: () => undefined },
    );
    const { end } = await run.result;
    if (end.kind !== "exited" || end.exitCode !== 0 || output.trim() !== ANSWER) {
      throw new Error(`a sandbox started, but its program ended with ${JSON.stringify(end)}`);
    }
  } finally {
    await sandbox[Symbol.asyncDispose]();
  }
};

/** @param candidates strongest first; weaker ones are not tried once one works */
export const chooseSandbox = async (
  candidates: readonly Candidate[],
  needs: { readonly imageRoot: string | undefined; readonly log: Log },
): Promise<SandboxChoice> => {
  const verdicts: Verdict[] = [];
  for (const candidate of candidates) {
    const { tier } = candidate;
    if ("missing" in candidate || needs.imageRoot === undefined) {
      const reason = "missing" in candidate ? candidate.missing : "no language image is built yet";
      verdicts.push({ tier, works: false, reason });
      continue;
    }
    let provider: SandboxProvider | undefined;
    try {
      provider = await candidate.open();
      await withDeadline(probe(provider, needs.imageRoot), PROBE_DEADLINE_MS);
      verdicts.push({ tier, works: true });
      needs.log.info("sandbox.tier", { tier, limits: provider.limitsEnforcement });
      return { provider, tier, verdicts };
    } catch (error) {
      needs.log.warn("sandbox.tier-unavailable", { tier, error });
      const reason = (error as Error).message.split("\n")[0] ?? "the probe failed";
      verdicts.push({ tier, works: false, reason });
      await provider?.[Symbol.asyncDispose]();
    }
  }
  return { provider: undefined, tier: null, verdicts };
};
